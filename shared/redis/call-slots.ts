import { randomBytes } from 'node:crypto';
import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { createScripts } from './scripts.ts';

/** How many calls of a model are under way, over all workers. */
export interface CallSlots {
  /** Gives the slot back; undefined where all `limit` are taken. A slot is held for `heldMs` at most. */
  take(code: string, limit: number, heldMs: number): Promise<(() => Promise<void>) | undefined>;
}

export function createCallSlots(redis: RedisConnection): CallSlots {
  const run = createScripts(redis);
  return {
    async take(code, limit, heldMs) {
      const key = `${keyPrefix(code)}calls`;
      const slot = randomBytes(9).toString('base64url');
      if ((await run('slot', key, slot, limit, Math.ceil(heldMs))) !== 1) return undefined;
      return async () => void (await redis.zrem(key, slot));
    },
  };
}
