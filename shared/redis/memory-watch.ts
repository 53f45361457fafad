import { InferqError } from '../errors.ts';
import type { RedisConnection } from './connection.ts';
import { hasRoom } from './memory-room.ts';
import { keyPrefix } from './keys.ts';
import { readMemories, type RedisMemory } from './memory.ts';

const LOOK_EVERY_MS = 500;
/** What Redis needs for a job beside its input, and for its end beside the output. */
const BYTES_A_JOB = 3000;
const RETRY_AFTER = 5;
const UNBOUNDED =
  'Redis has no maxmemory: new jobs are not refused before the memory of its machine is full; set it (docs/operations.md)';
/** How much the newest job counts in the average. */
const WEIGHT = 0.05;

/** Keeps new jobs out while Redis has no room for them and for the answers of those that it has. */
export interface MemoryWatch {
  /** Counts a job that comes in, with so many bytes of input. Throws `broker_full`. */
  take(bytes: number): void;
  /** Why it cannot do that, where Redis has no limit. */
  warnings(): string[];
  stop(): void;
}

export interface MemoryWatchParts {
  redis: RedisConnection;
  /** The codes of the models that are served. */
  codes: () => readonly string[];
}

/**
 * Redis is asked twice a second, whatever comes; in between what comes in is added up. An answer is taken to be as large
 * as an input. Of a cluster the fullest shard counts. While Redis does not answer, its other commands say so.
 */
export function watchMemory({ redis, codes }: MemoryWatchParts): MemoryWatch {
  let memories: RedisMemory[] = [];
  let open = 0;
  let coming = 0;
  let average = 0;
  let isLooking = false;

  async function look(): Promise<void> {
    isLooking = true;
    const before = coming;
    try {
      [memories, open] = await Promise.all([readMemories(redis), countOpen(redis, codes())]);
      // What came since is not in these numbers, or not all of it.
      coming -= before;
    } finally {
      isLooking = false;
    }
  }

  const timer = setInterval(() => {
    if (!isLooking) void look().catch(() => undefined);
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    take(bytes) {
      const owed = open * (average + BYTES_A_JOB);
      if (!memories.every((memory) => hasRoom(memory, coming + owed)))
        throw new InferqError('broker_full', 'The memory of the broker is full: try again later.', {
          retryAfter: RETRY_AFTER,
        });
      average += (bytes - average) * WEIGHT;
      // Its input, and the answer that it will have.
      coming += 2 * (bytes + BYTES_A_JOB);
    },
    warnings: () => (memories.some(({ limit }) => limit === 0) ? [UNBOUNDED] : []),
    stop: () => clearInterval(timer),
  };
}

/** Runs that have not ended. */
async function countOpen(redis: RedisConnection, codes: readonly string[]): Promise<number> {
  const counts = await Promise.all(codes.map((code) => redis.zcard(`${keyPrefix(code)}runs`)));
  return counts.reduce((sum, count) => sum + count, 0);
}
