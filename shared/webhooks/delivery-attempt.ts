import { Type, type Static } from 'typebox';

/** One attempt to deliver a webhook, as it is stored and as clients see it. */
export const DeliveryAttempt = Type.Object({
  at: Type.String({ format: 'date-time', description: 'When it began: RFC 3339, UTC, milliseconds' }),
  duration_ms: Type.Integer({ minimum: 0 }),
  status: Type.Optional(Type.Integer({ description: "The receiver's HTTP status; absent if none came" })),
  outcome: Type.Enum(['delivered', 'failed', 'refused', 'skipped']),
  error: Type.Optional(Type.String({ description: "A sentence, with the start of the receiver's answer" })),
  retry_after_ms: Type.Optional(
    Type.Integer({ minimum: 0, description: 'How long the receiver asked to be left alone' }),
  ),
});
export type DeliveryAttempt = Static<typeof DeliveryAttempt>;
