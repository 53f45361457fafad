import { isTerminal, type TerminalStatus } from '../job-status.ts';
import { renderJob, toTime, type StoredJob } from '../stored-job.ts';
import { bytesOf } from '../text.ts';
import { eventType } from '../webhook-event.ts';
import type { DeliveryRecord } from '../webhooks/delivery-record.ts';
import type { RedisConnection } from './connection.ts';
import type { Delivery, DeliveryQueue } from './delivery-queue.ts';
import { readJob } from './job-reader.ts';
import { prefixOf } from './job-store.ts';
import { keyPrefix } from './keys.ts';

/** The webhooks that are owed since jobs ended: an entry goes only when BullMQ has the delivery. */
export interface Outbox {
  /** Sends what is owed for a job that has just ended. */
  send(jobId: string): Promise<void>;
  /** Sends what is owed for a model since before `olderThanMs`: whoever should have done it has died. */
  sendLeftOver(code: string, olderThanMs: number): Promise<number>;
  /** Sends an earlier message of the job once more, under the same `webhook-id`; false where there is none such. */
  sendAgain(job: StoredJob, record: DeliveryRecord): Promise<boolean>;
}

export function createOutbox(redis: RedisConnection, deliveries: DeliveryQueue): Outbox {
  async function hand(job: StoredJob, status: TerminalStatus, revision: number): Promise<void> {
    const { webhook } = job.spec;
    if (webhook?.events.includes(status))
      await deliveries.add(toDelivery(job, webhook.url, status, revision));
    await redis.zrem(`${prefixOf(job.id)}outbox`, `${job.id}:${status}:${revision}`);
  }

  return {
    async send(jobId) {
      const job = await readJob(redis, jobId);
      if (job && isTerminal(job.status)) await hand(job, job.status, job.revision);
    },
    async sendLeftOver(code, olderThanMs) {
      const key = `${keyPrefix(code)}outbox`;
      const entries = await redis.zrangebyscore(
        key,
        '-inf',
        await beforeNow(redis, olderThanMs),
        'LIMIT',
        0,
        100,
      );
      for (const entry of entries) {
        const [id = '', status = '', revision] = entry.split(':');
        const job = await readJob(redis, id);
        if (job && isTerminal(status)) await hand(job, status, Number(revision));
        else await redis.zrem(key, entry);
      }
      return entries.length;
    },
    async sendAgain(job, { id, event, url }) {
      const status = event.slice('job.'.length);
      const revision = Number(id.slice(id.lastIndexOf('_') + 1));
      if (!isTerminal(status) || Number.isNaN(revision)) return false;
      await deliveries.addAgain(toDelivery(job, url, status, revision));
      return true;
    },
  };
}

async function beforeNow(redis: RedisConnection, milliseconds: number): Promise<number> {
  const [seconds] = await redis.time();
  return Number(seconds) * 1000 - milliseconds;
}

/** In bytes of JSON. A larger output is fetched by who wants it: it would be kept once for each delivery. */
const LARGEST_OUTPUT = 20_000;

/** The body says what the event says, also where the client has had the job run again meanwhile. */
function toDelivery(job: StoredJob, url: string, status: TerminalStatus, revision: number): Delivery {
  const event = eventType(status);
  const hasMovedOn = job.revision !== revision;
  const told = hasMovedOn ? { ...job, status, output: null, error: null, queue: null } : job;
  const timestamp = toTime(job.endedAt ?? job.createdAt);
  return {
    id: `msg_${job.id}_${revision}`,
    jobId: job.id,
    tenant: job.tenant,
    url,
    event,
    body: `{"type":"${event}","timestamp":"${timestamp}","data":${renderForReceiver(told)}}`,
    ...(job.spec.traceparent ? { traceparent: job.spec.traceparent } : {}),
  };
}

function renderForReceiver(job: StoredJob): string {
  const { input: _, output, ...rest } = job;
  if (output === null || (typeof output === 'string' && bytesOf(output) <= LARGEST_OUTPUT))
    return renderJob({ ...rest, output });
  return `${renderJob({ ...rest, output: null }).slice(0, -1)},"output_url":"/jobs/${job.id}/output"}`;
}
