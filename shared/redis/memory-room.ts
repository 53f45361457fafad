import type { RedisMemory } from './memory.ts';

const PART_KEPT_FREE = 0.1;
const LEAST_KEPT_FREE = 16 * 1024 * 1024;
/** Of a small Redis not all. */
const MOST_KEPT_FREE = 0.25;

/**
 * Whether Redis has room for more jobs. At `maxmemory` it refuses every write, and those that are accepted could not
 * end: so much is kept free for their results, events and moves from queue to queue.
 */
export function hasRoom({ used, limit }: RedisMemory, coming = 0): boolean {
  return limit === 0 || used + coming < limit - keptFree(limit);
}

function keptFree(limit: number): number {
  return Math.min(limit * MOST_KEPT_FREE, Math.max(limit * PART_KEPT_FREE, LEAST_KEPT_FREE));
}
