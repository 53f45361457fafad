import { randomBytes } from 'node:crypto';
import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { createScripts } from './scripts.ts';

/** How many calls of a model are under way, over all workers. */
export interface CallSlots {
  /** Undefined where all `limit` are taken. A slot is held for `heldMs`, unless it is renewed. */
  take(code: string, limit: number, heldMs: number): Promise<CallSlot | undefined>;
}

export interface CallSlot {
  /** Holds it for as long again. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

export function createCallSlots(redis: RedisConnection): CallSlots {
  const run = createScripts(redis);
  return {
    async take(code, limit, heldMs) {
      const key = `${keyPrefix(code)}calls`;
      const slot = randomBytes(9).toString('base64url');
      const hold = (): Promise<unknown> => run('slot', key, slot, limit, Math.ceil(heldMs));
      if ((await hold()) !== 1) return undefined;
      return {
        renew: async () => void (await hold()),
        release: async () => void (await redis.zrem(key, slot)),
      };
    },
  };
}
