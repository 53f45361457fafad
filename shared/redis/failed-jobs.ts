import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';

/** A failed job and when it failed, in Unix milliseconds. */
export interface FailedJob {
  id: string;
  failedAt: number;
}

/** The failed jobs of a model whose input may still be there; `settle` adds them, `retry` takes them out. */
export interface FailedJobs {
  /** The first `count` that failed at `since` or later, after the first `skip` of them. */
  list(code: string, since: number, skip: number, count: number): Promise<FailedJob[]>;
  /** Takes one out that cannot be tried again. */
  forget(code: string, id: string): Promise<void>;
}

export function createFailedJobs(redis: RedisConnection): FailedJobs {
  return {
    async list(code, since, skip, count) {
      const range = await redis.zrangebyscore(keyOf(code), since, '+inf', 'WITHSCORES', 'LIMIT', skip, count);
      return Array.from({ length: range.length / 2 }, (_, index) => ({
        id: range[2 * index] ?? '',
        failedAt: Number(range[2 * index + 1]),
      }));
    },
    async forget(code, id) {
      await redis.zrem(keyOf(code), id);
    },
  };
}

function keyOf(code: string): string {
  return `${keyPrefix(code)}failed`;
}
