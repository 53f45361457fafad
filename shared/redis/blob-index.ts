import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { redisTime } from './redis-time.ts';
import { createScripts } from './scripts.ts';

/** A blob to which nobody refers by then was left over by a process that died. */
const LEFT_OVER_AFTER_MS = 3_600_000;
const AT_ONCE = 100;

/**
 * The blobs that there are, each with the time when somebody is to look whether a run refers to it still: `blobs`
 * holds the times, `blob:<key>` the runs. The scripts keep both in step with the data of runs.
 */
export interface BlobIndex {
  /** Before a blob is written: whatever happens then, it is known. */
  announce(blob: string): Promise<void>;
  /** After blobs, all of one model, have been removed. */
  forget(blobs: readonly string[]): Promise<void>;
  /** Whether a run refers to a blob. */
  isHeld(blob: string): Promise<boolean>;
  /** Whether a model has blobs at all. */
  exists(code: string): Promise<boolean>;
  /** Blobs of a model to which no run refers any more, at most so many at once. */
  unheld(code: string): Promise<string[]>;
}

export function createBlobIndex(redis: RedisConnection): BlobIndex {
  const script = createScripts(redis);
  return {
    async announce(blob) {
      const now = await redisTime(redis);
      await redis.zadd(`${prefixOf(blob)}blobs`, now + LEFT_OVER_AFTER_MS, blob);
    },
    async forget(blobs) {
      const [first] = blobs;
      if (first === undefined) return;
      const prefix = prefixOf(first);
      await redis.zrem(`${prefix}blobs`, ...blobs);
      await redis.del(...blobs.map((blob) => `${prefix}blob:${blob}`));
    },
    isHeld: async (blob) => (await redis.exists(`${prefixOf(blob)}blob:${blob}`)) === 1,
    exists: async (code) => (await redis.exists(`${keyPrefix(code)}blobs`)) === 1,
    async unheld(code) {
      const prefix = keyPrefix(code);
      const answer = await script('unheld', `${prefix}blobs`, prefix, AT_ONCE);
      if (!Array.isArray(answer)) throw new TypeError('The script answered no list');
      return answer.map(String);
    },
  };
}

/** A blob's key begins with the code of its model. */
function prefixOf(blob: string): string {
  return keyPrefix(blob.split('/', 1)[0] ?? '');
}
