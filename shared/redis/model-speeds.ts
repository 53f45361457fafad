import { bucketOf, meanOf, quantile } from '../models/speed.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';

const SLOT_MS = 300_000;
/** Of what is counted by time: how long a step is, and how many are shown. */
const STEP_MS = 10_000;
const STEPS = 30;

/** Seconds, over the last five to ten minutes; null where nothing ended then. */
export interface ModelSpeed {
  p50: number | null;
  p95: number | null;
  p99: number | null;
  wait_p50: number | null;
  wait_p95: number | null;
  wait_p99: number | null;
}

/** What happened lately, by steps of so many seconds; the newest step comes last and is not over yet. */
export interface Activity {
  step: number;
  ended: number[];
  failed: number[];
  /** Answered from the cache. */
  hits: number[];
  /** Jobs that ended, or were answered, a second; over the last half minute. */
  rate: number;
}

/** Runs that ended a second, and mean seconds of one; null where none did. */
export interface Flow {
  rate: number;
  runTime: number | null;
}

/** What is measured: how long a call took, or a job waited for its first. */
type Measure = 'run' | 'wait';
/** What is counted by the time when it happened. */
type Happening = 'ended' | 'failed' | 'hits';

/** How fast the models are, counted in buckets by all workers together. */
export interface ModelSpeeds {
  /** Adds counts by bucket. */
  add(code: string, version: string, counts: ReadonlyMap<string, number>, now: number): Promise<void>;
  of(code: string, version: string, now: number): Promise<ModelSpeed>;
  /** Both at once, for the price of one. */
  lately(code: string, version: string, now: number): Promise<ModelSpeed & { activity: Activity }>;
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
    of: async (code, version, now) => speedIn(await read(code, version, now)),
    async lately(code, version, now) {
      const slots = await read(code, version, now);
      return { ...speedIn(slots), activity: activityIn(slots, now) };
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

/** The field under which a happening is counted: `ended:<step since 1970>`. */
export function happeningField(happening: Happening, now: number): string {
  return `${happening}:${Math.floor(now / STEP_MS)}`;
}

function speedIn(slots: readonly Record<string, string>[]): ModelSpeed {
  const [run, wait] = [histogramOf(slots, 'run'), histogramOf(slots, 'wait')];
  return {
    p50: quantile(run, 0.5),
    p95: quantile(run, 0.95),
    p99: quantile(run, 0.99),
    wait_p50: quantile(wait, 0.5),
    wait_p95: quantile(wait, 0.95),
    wait_p99: quantile(wait, 0.99),
  };
}

function activityIn(slots: readonly Record<string, string>[], now: number): Activity {
  // Whatever slot it was written to: writing comes up to a second after it happened.
  const seriesOf = (happening: Happening): number[] =>
    Array.from({ length: STEPS }, (_, index) => {
      const field = happeningField(happening, now - (STEPS - 1 - index) * STEP_MS);
      return slots.reduce((sum, slot) => sum + Number(slot[field] ?? 0), 0);
    });
  const [ended, failed, hits] = [seriesOf('ended'), seriesOf('failed'), seriesOf('hits')];
  const done = [...ended.slice(-3), ...hits.slice(-3)].reduce((sum, count) => sum + count, 0);
  const seconds = (2 * STEP_MS + (now % STEP_MS)) / 1000;
  return { step: STEP_MS / 1000, ended, failed, hits, rate: Number((done / seconds).toPrecision(3)) };
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
