import { InferqError } from '../errors.ts';
import { toJobError } from '../job-error.ts';
import type { JobError } from '../job.ts';
import type { JobStore } from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix, ownerOfRun } from './keys.ts';
import type { Outbox } from './outbox.ts';
import { createUpkeep } from './upkeep.ts';
import { QUEUE_NAME, type WorkQueue } from './work-queue.ts';

export interface FailedRunsParts {
  redis: RedisConnection;
  store: JobStore;
  queue: WorkQueue;
  outbox: Outbox;
}

/** The runs that BullMQ has failed. They stay in its `failed` set until they are seen to here. */
export function createFailedRuns({ redis, store, queue, outbox }: FailedRunsParts) {
  const upkeep = createUpkeep(redis);

  async function settleLost(code: string, run: string): Promise<void> {
    const [token, attempts] = await Promise.all([
      redis.hget(`${keyPrefix(code)}run:${run}`, 'token'),
      redis.hget(`${keyPrefix(code)}job:${ownerOfRun(run)}`, 'attempts'),
    ]);
    if (token === null) return;
    const error = JSON.stringify(workerLost(Number(attempts ?? 1)));
    const settled = await store.settle(run, Number(token), { kind: 'failed', error, attempt: '' });
    if (settled.kind === 'settled') await Promise.all(settled.owed.map((id) => outbox.send(id)));
  }

  async function settleOne(code: string, run: string): Promise<void> {
    const reason = await redis.hget(`${keyPrefix(code)}${QUEUE_NAME}:${run}`, 'failedReason');
    // BullMQ fails a run by itself only when its workers died too often. Anything else is a fault of the worker
    // between two steps: the run, where it is still open, is found lost and goes back into the queue.
    if (reason?.includes('stalled')) await settleLost(code, run);
    await queue.remove(run);
    await redis.zadd(`${keyPrefix(code)}runs`, 'XX', 0, run);
  }

  return {
    settle: async (code: string): Promise<void> => {
      const runs = await upkeep.failedRuns(code);
      await Promise.all(runs.map((run) => settleOne(code, run)));
    },
  };
}

function workerLost(attempt: number): JobError {
  const detail = `The job was started ${attempt} times and each time its worker died or lost its lock.`;
  return toJobError(new InferqError('worker_lost', detail), attempt);
}
