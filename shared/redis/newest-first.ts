import type { RedisConnection } from './connection.ts';

/** What lists go by, newest first: when it came, in Unix milliseconds, and its id. As a cursor, a page begins after it. */
export interface Place {
  createdAt: number;
  id: string;
}

/** The newest `count` of an index (a sorted set of ids by when they came), or of those after the cursor. */
export async function newestOf(
  redis: RedisConnection,
  key: string,
  { count, cursor, since }: { count: number; cursor: Place | undefined; since?: number | undefined },
): Promise<Place[]> {
  // One more for each that came in the cursor's own millisecond: they come again and are left out.
  const twins = cursor ? await redis.zcount(key, cursor.createdAt, cursor.createdAt) : 0;
  const [most, least] = [cursor?.createdAt ?? '+inf', since ?? '-inf'];
  const range = await redis.zrevrangebyscore(key, most, least, 'WITHSCORES', 'LIMIT', 0, count + twins);
  const places: Place[] = [];
  for (let at = 0; at < range.length; at += 2)
    places.push({ id: range[at] ?? '', createdAt: Number(range[at + 1]) });
  return cursor ? places.filter((place) => byAge(cursor, place) < 0) : places;
}

/** The newer first; within a millisecond the greater id. */
export function byAge(a: Place, b: Place): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
