import { bucketOf, quantile } from '../models/speed.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';

const SLOT_MS = 300_000;

/** Seconds, over the last five to ten minutes; null where nothing ended then. */
export interface ModelSpeed {
  p50: number | null;
  p95: number | null;
  wait_p50: number | null;
  wait_p95: number | null;
}

/** What is measured: how long a call took, or a job waited for its first. */
type Measure = 'run' | 'wait';

/** How fast the models are, counted in buckets by all workers together. */
export interface ModelSpeeds {
  /** Adds counts by bucket. */
  add(code: string, version: string, counts: ReadonlyMap<string, number>, now: number): Promise<void>;
  of(code: string, version: string, now: number): Promise<ModelSpeed>;
}

export function createModelSpeeds(redis: RedisConnection): ModelSpeeds {
  return {
    async add(code, version, counts, now) {
      const key = keyOf(code, version, now);
      const additions = [...counts].map(([bucket, count]) => redis.hincrby(key, bucket, count));
      await Promise.all([...additions, redis.pexpire(key, 2 * SLOT_MS)]);
    },
    async of(code, version, now) {
      const slots = await Promise.all(
        [now, now - SLOT_MS].map((time) => redis.hgetall(keyOf(code, version, time))),
      );
      const [run, wait] = [histogramOf(slots, 'run'), histogramOf(slots, 'wait')];
      return {
        p50: quantile(run, 0.5),
        p95: quantile(run, 0.95),
        wait_p50: quantile(wait, 0.5),
        wait_p95: quantile(wait, 0.95),
      };
    },
  };
}

/** The field under which a duration is counted. */
export function speedBucket(measure: Measure, milliseconds: number): string {
  return `${measure}:${bucketOf(milliseconds)}`;
}

function histogramOf(slots: readonly Record<string, string>[], measure: Measure): Map<number, number> {
  const histogram = new Map<number, number>();
  for (const [field, count] of slots.flatMap((slot) => Object.entries(slot))) {
    const [name, bucket] = field.split(':');
    if (name === measure) histogram.set(Number(bucket), (histogram.get(Number(bucket)) ?? 0) + Number(count));
  }
  return histogram;
}

function keyOf(code: string, version: string, time: number): string {
  return `${keyPrefix(code)}speed:${version}:${Math.floor(time / SLOT_MS)}`;
}
