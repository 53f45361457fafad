import { RedisConnection } from 'bullmq';

// Who is not asked is taken for this one. BullMQ's own word is 5.0, which cannot block for less than whole seconds: delays
// would be rounded up to them. Ours needs 6.2 (docs/configuration.md).
RedisConnection.minimumVersion = '6.2.0';

/** Spares each queue and worker the question which Redis this is: with many models that is a question for each. */
export const UNASKED_VERSION = { skipVersionCheck: true } as const;
