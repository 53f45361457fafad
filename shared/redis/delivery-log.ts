import type { DeliveryRecord } from '../webhooks/delivery-record.ts';
import { statusAfter } from '../webhooks/delivery-status.ts';
import type { RedisConnection } from './connection.ts';
import { DELIVERY_PREFIX } from './delivery-queue.ts';
import { createScripts } from './scripts.ts';

const KEPT_MS = 8 * 86_400_000;

/** Which message an attempt is for. Without a tenant it stands in no list but the log of its job. */
export interface Logged {
  jobId: string;
  tenant: string | undefined;
}

/** Every attempt to deliver a webhook, noted before the receiver hears of it: none is lost with its worker. */
export interface DeliveryLog {
  /** False where an attempt of this number has begun before. `queued` is its id in BullMQ. */
  begin(about: Logged, record: DeliveryRecord, queued: string): Promise<boolean>;
  end(about: Logged, record: DeliveryRecord): Promise<void>;
  /** Notes a message that is sent once; of progress only the newest is kept. */
  noteNotice(jobId: string, record: DeliveryRecord): Promise<void>;
  /** Notes that the next attempt of a message is held back; answers since when it is, in milliseconds of the epoch. */
  putOff(jobId: string, id: string, now: number): Promise<number>;
  /** Of all messages about the job, the oldest attempt first. */
  list(jobId: string): Promise<DeliveryRecord[]>;
  /** The id in BullMQ under which a message was last delivered. */
  queuedAs(jobId: string, id: string): Promise<string | undefined>;
}

export function createDeliveryLog(redis: RedisConnection): DeliveryLog {
  const run = createScripts(redis);

  function note(
    mode: 'begin' | 'end',
    { jobId, tenant = '' }: Logged,
    record: DeliveryRecord,
    queued: string,
  ) {
    const standing = [tenant, statusAfter(record), KEPT_MS, queued];
    const noted = [mode, record.id, record.attempt, JSON.stringify(record)];
    return run('note-delivery', keyOf(jobId), DELIVERY_PREFIX, ...noted, ...standing);
  }

  return {
    begin: async (about, record, queued) => (await note('begin', about, record, queued)) === 1,
    async end(about, record) {
      await note('end', about, record, '');
    },
    async noteNotice(jobId, record) {
      const field = `${record.event === 'job.progress' ? record.event : record.id}#1`;
      await redis.hset(keyOf(jobId), field, JSON.stringify(record));
      await redis.pexpire(keyOf(jobId), KEPT_MS);
    },
    async putOff(jobId, id, now) {
      const [key, field] = [keyOf(jobId), `put-off:${id}`];
      const [, since] = await Promise.all([
        redis.hsetnx(key, field, now),
        redis.hget(key, field),
        redis.pexpire(key, KEPT_MS),
      ]);
      return Number(since ?? now);
    },
    async list(jobId) {
      const entries = Object.entries(await redis.hgetall(keyOf(jobId)));
      return entries
        .filter(([field]) => field.includes('#'))
        .map(([, text]): DeliveryRecord => JSON.parse(text))
        .sort((a, b) => a.at.localeCompare(b.at) || a.attempt - b.attempt);
    },
    async queuedAs(jobId, id) {
      return (await redis.hget(keyOf(jobId), `queued:${id}`)) ?? undefined;
    },
  };
}

function keyOf(jobId: string): string {
  return `${DELIVERY_PREFIX}log:${jobId}`;
}
