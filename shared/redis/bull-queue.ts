import { Queue } from 'bullmq';
import type { RedisConnection } from './connection.ts';
import { UNASKED_VERSION } from './unasked-version.ts';

/** A BullMQ queue that is opened when it is first needed. */
export interface BullQueue<Data> {
  open(): Promise<Queue<Data>>;
  close(): Promise<void>;
}

/** A queue whose opening failed, because Redis was away, is opened anew the next time: BullMQ would stay broken. */
export function createBullQueue<Data>(
  { name, prefix }: { name: string; prefix: string },
  connection: RedisConnection,
  onError: (error: Error) => void,
): BullQueue<Data> {
  let opening: Promise<Queue<Data>> | undefined;

  async function open(): Promise<Queue<Data>> {
    const queue = new Queue<Data>(name, {
      prefix,
      connection,
      skipWaitingForReady: true,
      ...UNASKED_VERSION,
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', onError);
    await queue.waitUntilReady();
    return queue;
  }

  return {
    open() {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    async close() {
      const closing = opening;
      opening = undefined;
      await closing?.then((queue) => queue.close());
    },
  };
}

/** BullMQ orders what is put off by the millisecond that it is due, with twelve bits below it. */
const DUE_BITS = 4096;

/** The greatest score of what is due at a time, in Unix milliseconds. */
export function scoreDueBy(now: number): number {
  return (now + 1) * DUE_BITS - 1;
}

/** When that of this score is due, in Unix milliseconds. */
export function dueAt(score: number): number {
  return Math.floor(score / DUE_BITS);
}
