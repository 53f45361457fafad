import { bucketOf, meanOf, quantile } from '../models/speed.ts';
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

/** Runs that ended a second, and mean seconds of one; null where none did. */
export interface Flow {
  rate: number;
  runTime: number | null;
}

/** What is measured: how long a call took, or a job waited for its first. */
type Measure = 'run' | 'wait';

/** How fast the models are, counted in buckets by all workers together. */
export interface ModelSpeeds {
  /** Adds counts by bucket. */
  add(code: string, version: string, counts: ReadonlyMap<string, number>, now: number): Promise<void>;
  of(code: string, version: string, now: number): Promise<ModelSpeed>;
  /** Over the same time. */
  flow(code: string, version: string, now: number): Promise<Flow>;
}

export function createModelSpeeds(redis: RedisConnection): ModelSpeeds {
  const read = (code: string, version: string, now: number): Promise<Record<string, string>[]> =>
    Promise.all([now, now - SLOT_MS].map((time) => redis.hgetall(keyOf(code, version, time))));

  return {
    async add(code, version, counts, now) {
      const key = keyOf(code, version, now);
      const additions = [...counts].map(([bucket, count]) => redis.hincrby(key, bucket, count));
      await Promise.all([...additions, redis.pexpire(key, 2 * SLOT_MS)]);
    },
    async of(code, version, now) {
      const slots = await read(code, version, now);
      const [run, wait] = [histogramOf(slots, 'run'), histogramOf(slots, 'wait')];
      return {
        p50: quantile(run, 0.5),
        p95: quantile(run, 0.95),
        wait_p50: quantile(wait, 0.5),
        wait_p95: quantile(wait, 0.95),
      };
    },
    async flow(code, version, now) {
      const runs = histogramOf(await read(code, version, now), 'run');
      const count = [...runs.values()].reduce((sum, each) => sum + each, 0);
      return { rate: count / ((SLOT_MS + (now % SLOT_MS)) / 1000), runTime: meanOf(runs) };
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
