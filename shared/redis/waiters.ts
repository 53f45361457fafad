import type { RedisConnection } from './connection.ts';
import { prefixOf } from './keys.ts';

/** Longer than a request waits; who follows the events notes it at every look. After the end nobody takes it back. */
const KEPT_SECONDS = 120;

/** The API replicas at which somebody waits for a run; the scripts wake them, when it starts only who asks for that. */
export interface Waiters {
  add(run: string, replica: string, options?: { starts?: boolean }): Promise<void>;
}

export function createWaiters(redis: RedisConnection): Waiters {
  return {
    async add(run, replica, { starts = false } = {}) {
      const kinds = starts ? ['waiting', 'reading'] : ['waiting'];
      const keys = kinds.map((kind) => `${prefixOf(run)}${kind}:${run}`);
      await Promise.all(keys.flatMap((key) => [redis.sadd(key, replica), redis.expire(key, KEPT_SECONDS)]));
    },
  };
}
