import { createHash } from 'node:crypto';
import type { RedisConnection } from './connection.ts';

const LEASE_MS = 3000;

/** One sweeper at a time for the same models; workers of other models have a lease of their own. */
export interface SweeperLease {
  hold(codes: readonly string[]): Promise<boolean>;
  /** Lets the next one take over at once. */
  release(): Promise<void>;
}

/** Two holders for a moment do no harm, so nothing here needs to be atomic. */
export function createSweeperLease(redis: RedisConnection, name: string): SweeperLease {
  let held: string | undefined;
  return {
    async hold(codes) {
      const key = `inferq:sweeper:${createHash('sha256').update(codes.toSorted().join()).digest('base64url')}`;
      const taken = (await redis.set(key, name, 'PX', LEASE_MS, 'NX')) === 'OK';
      const mine = taken || (await redis.get(key)) === name;
      if (mine && !taken) await redis.pexpire(key, LEASE_MS);
      held = mine ? key : undefined;
      return mine;
    },
    async release() {
      if (held !== undefined) await redis.del(held);
      held = undefined;
    },
  };
}
