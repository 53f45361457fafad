import type { RedisConnection } from './connection.ts';
import { prefixOf } from './keys.ts';

const KEPT_SECONDS = 24 * 3600;

/** The API replicas at which somebody waits for a run; the scripts wake them. */
export interface Waiters {
  add(run: string, replica: string): Promise<void>;
}

export function createWaiters(redis: RedisConnection): Waiters {
  return {
    async add(run, replica) {
      const key = `${prefixOf(run)}waiting:${run}`;
      await Promise.all([redis.sadd(key, replica), redis.expire(key, KEPT_SECONDS)]);
    },
  };
}
