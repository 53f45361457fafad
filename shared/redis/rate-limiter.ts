import type { RedisConnection } from './connection.ts';
import { Reply } from './reply.ts';
import { createScripts } from './scripts.ts';

/** What the limiter says. `resetMs`: until one more is there where it was refused, until all are where it was not. */
export interface Grant {
  granted: boolean;
  left: number;
  resetMs: number;
}

export interface RateLimiter {
  /** Takes one of `limit` in `window` seconds from the tenant's bucket. */
  take(tenant: string, rate: { limit: number; window: number }): Promise<Grant>;
}

export function createRateLimiter(redis: RedisConnection): RateLimiter {
  const run = createScripts(redis);
  return {
    async take(tenant, { limit, window }) {
      const reply = new Reply(await run('take', `inferq:rate:${tenant}`, limit, window * 1000));
      return { granted: reply.number(0) === 1, left: reply.number(1), resetMs: reply.number(2) };
    },
  };
}
