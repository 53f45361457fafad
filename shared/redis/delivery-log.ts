import type { DeliveryRecord } from '../webhooks/delivery-record.ts';
import type { RedisConnection } from './connection.ts';

const KEPT_SECONDS = 8 * 86_400;

export interface DeliveryLog {
  add(jobId: string, record: DeliveryRecord): Promise<void>;
  /** Oldest first. */
  list(jobId: string): Promise<DeliveryRecord[]>;
}

export function createDeliveryLog(redis: RedisConnection): DeliveryLog {
  return {
    async add(jobId, record) {
      await redis.rpush(keyOf(jobId), JSON.stringify(record));
      await redis.expire(keyOf(jobId), KEPT_SECONDS);
    },
    async list(jobId) {
      return (await redis.lrange(keyOf(jobId), 0, -1)).map((text): DeliveryRecord => JSON.parse(text));
    },
  };
}

function keyOf(jobId: string): string {
  return `inferq:{webhooks}:log:${jobId}`;
}
