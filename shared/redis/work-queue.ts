import type { Queue } from 'bullmq';
import { createBullQueue, type BullQueue } from './bull-queue.ts';
import type { RedisConnection } from './connection.ts';
import { codeOfJob, keyPrefix, ownerOfRun } from './keys.ts';

/** The name of the BullMQ queue that each model has, under the model's own prefix. */
export const QUEUE_NAME = 'jobs';

/** BullMQ's prefix for a model: it has the model's hash tag, as all its keys do. */
export function queuePrefix(code: string): string {
  return keyPrefix(code).slice(0, -1);
}

export interface WorkQueue {
  /** Hands a run to the workers; repeating it is harmless. */
  add(run: string, options: { priority: number; delayMs: number }): Promise<void>;
  /** Takes a run out that has not started; nothing happens where it has. */
  remove(run: string): Promise<void>;
  /** Whether the runs of a model are handed out; what runs goes on. */
  pause(code: string, paused: boolean): Promise<void>;
  close(): Promise<void>;
}

/** BullMQ as a queue of run ids; what a run is stands in the job store. */
export function createWorkQueue(connection: RedisConnection, onError: (error: Error) => void): WorkQueue {
  const queues = new Map<string, BullQueue<object>>();

  async function queueOf(run: string): Promise<Queue<object>> {
    const code = codeOfJob(ownerOfRun(run));
    if (!code) throw new TypeError(`${run} is not the id of a run`);
    return open(code);
  }

  async function open(code: string): Promise<Queue<object>> {
    const queue =
      queues.get(code) ??
      createBullQueue({ name: QUEUE_NAME, prefix: queuePrefix(code) }, connection, onError);
    queues.set(code, queue);
    return queue.open();
  }

  return {
    async add(run, { priority, delayMs }) {
      const queue = await queueOf(run);
      await queue.add('run', {}, { ...JOB_OPTIONS, jobId: run, priority, delay: delayMs });
    },
    async remove(run) {
      const queue = await queueOf(run);
      await queue.remove(run);
    },
    async pause(code, paused) {
      const queue = await open(code);
      await (paused ? queue.pause() : queue.resume());
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      queues.clear();
    },
  };
}

/**
 * Attempts are counted in the job's record: a worker puts a run back by itself, and BullMQ fails one only when its
 * workers died too often. Such a run stays until the sweeper has settled it.
 */
export const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: false } as const;
