import type { Delivery, DeliveryRecord } from '../webhooks/delivery-record.ts';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../webhooks/delivery-status.ts';
import { parseEndMessageId } from '../webhooks/job-message.ts';
import { toTime } from '../stored-job.ts';
import type { RedisConnection } from './connection.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { DELIVERY_PREFIX } from './delivery-queue.ts';

/** Where a page begins: after this delivery, newest first. */
export interface DeliveryCursor {
  createdAt: number;
  id: string;
}

export interface DeliveryFilter {
  tenant: string;
  status: DeliveryStatus | undefined;
  /** Milliseconds of the epoch. */
  since: number | undefined;
}

export interface DeliveryPage {
  deliveries: Delivery[];
  next: DeliveryCursor | undefined;
}

type Place = DeliveryCursor & { status: DeliveryStatus };

/** Lists the webhooks of a tenant's jobs with their attempts, newest first. */
export async function listDeliveries(
  redis: RedisConnection,
  { tenant, status, since }: DeliveryFilter,
  limit: number,
  after: DeliveryCursor | undefined,
): Promise<DeliveryPage> {
  const statuses = status === undefined ? DELIVERY_STATUSES : [status];
  const lists = await Promise.all(statuses.map((of) => newestOf(redis, tenant, of, since, limit + 1, after)));
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

/** One more for each that began in the cursor's own millisecond: they come again and are left out. */
async function newestOf(
  redis: RedisConnection,
  tenant: string,
  status: DeliveryStatus,
  since: number | undefined,
  count: number,
  cursor: DeliveryCursor | undefined,
): Promise<Place[]> {
  const key = listKey(status, tenant);
  const twins = cursor ? await redis.zcount(key, cursor.createdAt, cursor.createdAt) : 0;
  const [most, least] = [cursor?.createdAt ?? '+inf', since ?? '-inf'];
  const range = await redis.zrevrangebyscore(key, most, least, 'WITHSCORES', 'LIMIT', 0, count + twins);
  const places: Place[] = [];
  for (let at = 0; at < range.length; at += 2)
    places.push({ id: range[at] ?? '', createdAt: Number(range[at + 1]), status });
  return cursor ? places.filter((place) => byAge(cursor, place) < 0) : places;
}

/** The newer first; within a millisecond the greater id. */
function byAge(a: DeliveryCursor, b: DeliveryCursor): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function toDelivery({ id, createdAt, status }: Place, records: DeliveryRecord[]): Delivery | undefined {
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
