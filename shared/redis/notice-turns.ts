import type { RedisConnection } from './connection.ts';
import { DELIVERY_PREFIX } from './delivery-queue.ts';

/** A client is told of a job's progress no more often than this. */
const EVERY_MS = 500;

/** Whose turn it is to tell of a job's progress, over all workers. */
export interface NoticeTurns {
  /** 0 where it is the caller's now; else the milliseconds until somebody's. */
  take(jobId: string): Promise<number>;
  /** The milliseconds until the next one. */
  left(jobId: string): Promise<number>;
}

export function createNoticeTurns(redis: RedisConnection): NoticeTurns {
  const left = async (jobId: string): Promise<number> => Math.max(1, await redis.pttl(keyOf(jobId)));
  return {
    async take(jobId) {
      return (await redis.set(keyOf(jobId), '', 'PX', EVERY_MS, 'NX')) === null ? left(jobId) : 0;
    },
    left,
  };
}

function keyOf(jobId: string): string {
  return `${DELIVERY_PREFIX}told:${jobId}`;
}
