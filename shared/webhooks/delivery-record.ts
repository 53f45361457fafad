import { Type, type Static } from 'typebox';
import { DeliveryAttempt } from './delivery-attempt.ts';
import { DELIVERY_STATUSES } from './delivery-status.ts';

const OUTCOMES = ['running', 'delivered', 'failed', 'refused', 'skipped', 'lost'] as const;

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
  duration_ms: Type.Optional(Type.Integer({ minimum: 0, description: 'Absent while it is not known' })),
  outcome: Type.Enum([...OUTCOMES], {
    description:
      'refused: the URL does not lead to a public address, nothing was connected to; skipped: the receiver was not ' +
      'called, because it kept failing or was too busy; lost: the worker died, so the receiver may have got it',
  }),
});
export type DeliveryRecord = Static<typeof DeliveryRecord>;

/** A message to a receiver with all that came of it. */
export const Delivery = Type.Object({
  id: Type.String({ description: 'The webhook-id' }),
  job: Type.String({ description: 'The id of the job that it tells of' }),
  event: Type.String(),
  url: Type.String(),
  status: Type.Enum([...DELIVERY_STATUSES], {
    description: 'failed: given up; it can be sent again',
  }),
  created_at: Type.String({ format: 'date-time', description: 'When its first attempt began' }),
  next_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  attempts: Type.Array(DeliveryRecord),
});
export type Delivery = Static<typeof Delivery>;
