import type { Delivery, DeliveryRecord } from '../webhooks/delivery-record.ts';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../webhooks/delivery-status.ts';
import { parseEndMessageId } from '../webhooks/job-message.ts';
import { toTime } from '../stored-job.ts';
import type { RedisConnection } from './connection.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { DELIVERY_PREFIX } from './delivery-queue.ts';
import { byAge, newestOf, type Place } from './newest-first.ts';

export interface DeliveryFilter {
  tenant: string;
  status: DeliveryStatus | undefined;
  /** Milliseconds of the epoch. */
  since: number | undefined;
}

export interface DeliveryPage {
  deliveries: Delivery[];
  next: Place | undefined;
}

/** Lists the webhooks of a tenant's jobs with their attempts, newest first. */
export async function listDeliveries(
  redis: RedisConnection,
  { tenant, status, since }: DeliveryFilter,
  limit: number,
  after: Place | undefined,
): Promise<DeliveryPage> {
  const statuses = status === undefined ? DELIVERY_STATUSES : [status];
  const lists = await Promise.all(
    statuses.map(async (of) => {
      const places = await newestOf(redis, listKey(of, tenant), { count: limit + 1, cursor: after, since });
      return places.map((place) => ({ ...place, status: of }));
    }),
  );
  const places = lists.flat().sort(byAge);
  const page = places.slice(0, limit);
  const log = createDeliveryLog(redis);
  const deliveries = await Promise.all(
    page.map(async (place) => toDelivery(place, await log.list(parseEndMessageId(place.id)?.jobId ?? ''))),
  );
  const last = places.length > limit ? page.at(-1) : undefined;
  return {
    deliveries: deliveries.filter((delivery) => delivery !== undefined),
    next: last && { createdAt: last.createdAt, id: last.id },
  };
}

/** The ids of the deliveries of a status that began since then, the oldest first. */
export async function findDeliveries(
  redis: RedisConnection,
  tenant: string,
  status: DeliveryStatus,
  since: number,
  limit: number,
): Promise<string[]> {
  return redis.zrangebyscore(listKey(status, tenant), since, '+inf', 'LIMIT', 0, limit);
}

function toDelivery(
  { id, createdAt, status }: Place & { status: DeliveryStatus },
  records: DeliveryRecord[],
): Delivery | undefined {
  const attempts = records.filter((record) => record.id === id);
  const last = attempts.at(-1);
  const job = parseEndMessageId(id)?.jobId;
  if (!last || job === undefined) return undefined;
  const { event, url, next_at } = last;
  return { id, job, event, url, status, created_at: toTime(createdAt), next_at, attempts };
}

function listKey(status: DeliveryStatus, tenant: string): string {
  return `${DELIVERY_PREFIX}${status}:${tenant}`;
}
