import type { Job } from '../job.ts';
import type { RedisConnection } from './connection.ts';
import type { StoredJob } from '../stored-job.ts';

const RATE_WINDOW_MS = 30_000;

/** Where a queued job stands among those that BullMQ would start before it, and when its turn should come. */
export async function queuePlace(
  redis: RedisConnection,
  prefix: string,
  job: StoredJob,
): Promise<Job['queue']> {
  const [rank, seen, [seconds, micros]] = await Promise.all([
    redis.zrank(`${prefix}jobs:prioritized`, job.run),
    redis.hmget(`${prefix}rate`, 'sum', 'at', 'since'),
    redis.time(),
  ]);
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const position = (rank ?? 0) + 1;
  const delay = Math.max(0, job.createdAt + (job.spec.delay ?? 0) * 1000 - now) / 1000;
  return { position, eta: estimate(position, startRate(seen, now), delay) };
}

/**
 * Starts a second, from what the `start` script notes: a sum that decays over 30 s, corrected for how long it has
 * been watched. 0 where fewer than ten recent starts vouch for it.
 */
export function startRate([sum, at, since]: (string | null)[], now: number): number {
  const decayed = Number(sum ?? 0) * Math.exp(-(now - Number(at)) / RATE_WINDOW_MS);
  if (decayed < 10) return 0;
  const watched = 1 - Math.exp(-Math.max(now - Number(since), 1000) / RATE_WINDOW_MS);
  return decayed / watched / (RATE_WINDOW_MS / 1000);
}

/** Seconds until the job starts, or null where nobody can tell. */
export function estimate(position: number, rate: number, delay = 0): number | null {
  if (rate <= 0) return delay > 0 ? delay : null;
  return Math.round(Math.max(delay, position / rate) * 1000) / 1000;
}
