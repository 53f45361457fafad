import type { RedisConnection } from './connection.ts';
import { redisTime } from './redis-time.ts';

const KEY = 'inferq:models-unserved';
const APIS = 'inferq:models-vouched';
/** While nobody looks, as no worker runs, no time counts. */
const KEPT_FOR_MS = 60_000;
/** Nor does it while no API runs. */
const VOUCHED_FOR_MS = 20_000;

/**
 * How long jobs wait for a worker that knows their model, or its version. Every role reads the model files for itself, a
 * ConfigMap takes a minute to reach them all, and a model that was lost by mistake may come back.
 */
export const UNKNOWN_FOR_MS = 5 * 60_000;

/**
 * The models, by their codes, that nobody seems to serve. Whoever looks after their jobs suspects them. Each worker that
 * serves one of them denies it every few seconds, and each API that takes jobs for it: it may have no workers just
 * now, be it for hours. What stands for long is so.
 */
export interface UnservedModels {
  /** Answers for how many ms it has stood, by Redis' clock. */
  suspect(codes: readonly string[]): Promise<Map<string, number>>;
  deny(codes: ReadonlySet<string>): Promise<void>;
  /** The same for an API: without one nothing is known of the models that have no workers. */
  vouch(codes: ReadonlySet<string>): Promise<void>;
}

/** A hash: field the code, value since when (epoch ms). */
export function createUnservedModels(redis: RedisConnection): UnservedModels {
  async function deny(codes: ReadonlySet<string>): Promise<void> {
    const denied = (await redis.hkeys(KEY)).filter((code) => codes.has(code));
    if (denied.length > 0) await redis.hdel(KEY, ...denied);
  }

  return {
    async suspect(codes) {
      if (codes.length === 0) return new Map();
      if ((await redis.exists(APIS)) === 0) {
        await redis.del(KEY);
        return new Map();
      }
      const now = await redisTime(redis);
      await Promise.all(codes.map((code) => redis.hsetnx(KEY, code, now)));
      const [since] = await Promise.all([redis.hmget(KEY, ...codes), redis.pexpire(KEY, KEPT_FOR_MS)]);
      return new Map(codes.map((code, index) => [code, now - Number(since[index] ?? now)]));
    },
    deny,
    async vouch(codes) {
      await Promise.all([deny(codes), redis.set(APIS, '1', 'PX', VOUCHED_FOR_MS)]);
    },
  };
}
