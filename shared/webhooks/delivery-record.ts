import { Type, type Static } from 'typebox';
import { DeliveryAttempt } from './delivery-attempt.ts';

/** One attempt to deliver a webhook, as it stands in the log of its job. */
export const DeliveryRecord = Type.Object({
  id: Type.String({ description: 'The webhook-id: the same for all attempts' }),
  event: Type.String({ description: 'job.succeeded, …' }),
  url: Type.String(),
  attempt: Type.Integer({ minimum: 1 }),
  next_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When it is tried again; null where it is not',
  }),
  ...DeliveryAttempt.properties,
});
export type DeliveryRecord = Static<typeof DeliveryRecord>;
