import { dueAt, scoreDueBy } from './bull-queue.ts';
import type { RedisConnection } from './connection.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { DELIVERY_PREFIX, DELIVERY_QUEUE } from './delivery-queue.ts';

/** The webhooks that have not arrived and were not given up; those on the way (started, progress) do not count. */
export interface OwedWebhooks {
  /** Those that wait for the time of their next attempt included. */
  owed: number;
  /** How long, in seconds, the one has been due that has been so longest; 0 where none is. */
  overdue: number;
}

const QUEUE = `${DELIVERY_PREFIX}${DELIVERY_QUEUE.name}:`;
/** At the old end of a list: what is taken next comes before what is older there, as tests do and what lost its worker. */
const LOOKED_AT = 5;

/** Looks at all of them in the same few commands, however many there are: they lie in one queue for all models. */
export async function readOwedWebhooks(redis: RedisConnection): Promise<OwedWebhooks> {
  const now = Date.now();
  const [waiting, active, putOff, old, taken, due] = await Promise.all([
    redis.llen(`${QUEUE}wait`),
    redis.llen(`${QUEUE}active`),
    redis.zcard(`${QUEUE}delayed`),
    redis.lrange(`${QUEUE}wait`, -LOOKED_AT, -1),
    redis.lrange(`${QUEUE}active`, -LOOKED_AT, -1),
    redis.zrangebyscore(`${QUEUE}delayed`, '-inf', scoreDueBy(now), 'WITHSCORES', 'LIMIT', 0, 1),
  ]);
  const since = await Promise.all([...old, ...taken].map((queued) => dueSince(redis, queued)));
  if (due[1] !== undefined) since.push(dueAt(Number(due[1])));
  return {
    owed: waiting + active + putOff,
    overdue: Math.max(0, ...since.map((at) => now - (at ?? now))) / 1000,
  };
}

/**
 * Since when, in Unix milliseconds; undefined where it has just gone. BullMQ forgets when one was due that it has
 * brought again: the log of its job says so.
 */
async function dueSince(redis: RedisConnection, queued: string): Promise<number | undefined> {
  const [timestamp, processedOn] = await redis.hmget(`${QUEUE}${queued}`, 'timestamp', 'processedOn');
  if (!timestamp) return undefined;
  if (!processedOn) return Number(timestamp);
  const [id = '', jobId = ''] = /^msg_(job_[0-9a-z]+)_\d+/.exec(queued) ?? [];
  const records = await createDeliveryLog(redis).list(jobId);
  const nextAt = records.findLast((record) => record.id === id)?.next_at;
  return Math.max(Number(processedOn), nextAt ? Date.parse(nextAt) : 0);
}
