import type { JobStore } from '../../shared/ports.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { findDeliveries } from '../../shared/redis/delivery-list.ts';
import type { DeliveryLog } from '../../shared/redis/delivery-log.ts';
import type { DeliveryQueue } from '../../shared/redis/delivery-queue.ts';
import type { Outbox } from '../../shared/redis/outbox.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import { parseEndMessageId } from '../../shared/webhooks/job-message.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { statusAfter } from '../../shared/webhooks/delivery-status.ts';

export interface RedeliveryParts {
  redis: RedisConnection;
  store: JobStore;
  deliveries: DeliveryLog;
  deliveryQueue: DeliveryQueue;
  outbox: Outbox;
}

/**
 * Has a message of the job sent again, under the same `webhook-id`: at once where it waits for its next attempt, else
 * with a schedule of its own. Answers its last attempt; undefined where there is none such.
 */
export async function redeliver(
  parts: RedeliveryParts,
  job: StoredJob,
  id: string,
): Promise<DeliveryRecord | undefined> {
  const last = (await parts.deliveries.list(job.id)).findLast((record) => record.id === id);
  if (!last) return undefined;
  const isPending = statusAfter(last) === 'pending';
  if (isPending) await hasten(parts, job.id, id);
  else if (!(await parts.outbox.sendAgain(job, last, last.attempt))) return undefined;
  return last;
}

async function hasten(
  { deliveries, deliveryQueue }: RedeliveryParts,
  jobId: string,
  id: string,
): Promise<boolean> {
  const queued = await deliveries.queuedAs(jobId, id);
  return queued !== undefined && deliveryQueue.hasten(queued);
}

/** How many one call sees to, of those given up and of those that wait, so that it ends in good time. */
const MOST = 1000;
const AT_ONCE = 20;

export interface Recovery {
  /** How many are sent again. */
  count: number;
  /** Whether more were given up: the same call again sees to them. */
  more: boolean;
}

/** Has all that a tenant's receivers failed to take since then sent again; what waits for its next attempt, at once. */
export async function recover(parts: RedeliveryParts, tenant: string, since: number): Promise<Recovery> {
  const [failed, pending] = await Promise.all([
    findDeliveries(parts.redis, tenant, 'failed', since, MOST + 1),
    findDeliveries(parts.redis, tenant, 'pending', since, MOST + 1),
  ]);
  let sent = 0;
  await eachOf(failed.slice(0, MOST), async (id) => {
    const job = await parts.store.read(parseEndMessageId(id)?.jobId ?? '', { tenant });
    if (job && (await redeliver(parts, job, id))) sent += 1;
  });
  let hastened = 0;
  await eachOf(pending.slice(0, MOST), async (id) => {
    if (await hasten(parts, parseEndMessageId(id)?.jobId ?? '', id)) hastened += 1;
  });
  // Of what waits the same call again would find the same, until it is delivered. And those given up of which nothing
  // is known any more can be asked for for ever.
  return { count: sent + hastened, more: failed.length > MOST && sent > 0 };
}

async function eachOf(ids: readonly string[], act: (id: string) => Promise<void>): Promise<void> {
  const next = ids.values();
  const work = async (): Promise<void> => {
    for (const id of next) await act(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
