import { isTerminal, type TerminalStatus } from '../job-status.ts';
import type { StoredJob } from '../stored-job.ts';
import { endOf, eventType } from '../webhook-event.ts';
import { asItEnded, endMessageId, jobMessage, parseEndMessageId } from '../webhooks/job-message.ts';
import type { RedisConnection } from './connection.ts';
import type { DeliveryQueue, QueuedDelivery } from './delivery-queue.ts';
import { readJob } from './job-reader.ts';
import { keyPrefix, prefixOf } from './keys.ts';
import { readPastEnd } from './past-end.ts';
import { redisTime } from './redis-time.ts';

/** The webhooks that are owed since jobs ended: an entry goes only when BullMQ has the delivery. */
export interface Outbox {
  /** Sends what is owed for a job that has just ended. */
  send(jobId: string): Promise<void>;
  /**
   * Sends what is owed for a model since before `olderThanMs`: whoever should have done it has died. Answers how many
   * entries it saw to; one that fails is put off and keeps no other, and its error is thrown at the end.
   */
  sendLeftOver(code: string, olderThanMs: number): Promise<number>;
  /** Sends an earlier message of the job anew, under the same `webhook-id`; false where there is none such. */
  sendAgain(
    job: StoredJob,
    message: { id: string; event: string; url: string },
    spent: number,
  ): Promise<boolean>;
}

const BATCH = 100;
const AT_ONCE = 20;

export function createOutbox(redis: RedisConnection, deliveries: DeliveryQueue): Outbox {
  async function hand(job: StoredJob, status: TerminalStatus, revision: number): Promise<void> {
    const { webhook } = job.spec;
    if (webhook?.events.includes(status))
      await deliveries.add(await toDelivery(redis, job, webhook.url, status, revision));
    await redis.zrem(`${prefixOf(job.id)}outbox`, `${job.id}:${status}:${revision}`);
  }

  async function handEntry(key: string, entry: string): Promise<void> {
    const [id = '', status = '', revision] = entry.split(':');
    const job = await readJob(redis, id);
    if (job && isTerminal(status)) await hand(job, status, Number(revision));
    else await redis.zrem(key, entry);
  }

  return {
    async send(jobId) {
      const job = await readJob(redis, jobId);
      if (job && isTerminal(job.status)) await hand(job, job.status, job.revision);
    },
    async sendLeftOver(code, olderThanMs) {
      const key = `${keyPrefix(code)}outbox`;
      const now = await redisTime(redis);
      const entries = await redis.zrangebyscore(key, '-inf', now - olderThanMs, 'LIMIT', 0, BATCH);
      const faults: unknown[] = [];
      const next = entries.values();
      const work = async (): Promise<void> => {
        for (const entry of next)
          await handEntry(key, entry).catch(async (error: unknown) => {
            faults.push(error);
            await redis.zadd(key, 'XX', now, entry);
          });
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      if (faults.length > 0) throw faults[0];
      return entries.length;
    },
    async sendAgain(job, { id, event, url }, spent) {
      const status = endOf(event);
      const about = parseEndMessageId(id);
      if (!status || about?.jobId !== job.id) return false;
      await deliveries.add({ ...(await toDelivery(redis, job, url, status, about.revision)), spent });
      return true;
    },
  };
}

/** The body says what the event says, also where the client has had the job run again meanwhile. */
async function toDelivery(
  redis: RedisConnection,
  job: StoredJob,
  url: string,
  status: TerminalStatus,
  revision: number,
): Promise<QueuedDelivery> {
  const hasMovedOn = job.revision !== revision;
  const told = hasMovedOn ? asItEnded(job, status, await readPastEnd(redis, job.id, revision)) : job;
  return {
    id: endMessageId(job.id, revision),
    jobId: job.id,
    tenant: job.tenant,
    url,
    event: eventType(status),
    body: jobMessage(status, told.endedAt ?? told.createdAt, told),
    requestId: job.spec.request_id,
    ...(job.spec.traceparent ? { traceparent: job.spec.traceparent } : {}),
  };
}
