import { DelayedError, Worker, type Job } from 'bullmq';
import type { Events } from '../../shared/events.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { UNASKED_VERSION } from '../../shared/redis/unasked-version.ts';

export interface QueueWorkerParts<Data> {
  connection: RedisConnection;
  queue: { name: string; prefix: string };
  concurrency: number;
  /** Seconds after which what a worker has goes to another where it gives no sign of life. */
  lockTime: number;
  /** Answers when to bring it again, in epoch ms; undefined where it is done with. */
  take(job: Job<Data>): Promise<number | undefined>;
  /** The same for one whose `take` has thrown: BullMQ would file it under failed, where nobody looks. */
  afterFault(): number | undefined;
  /** What it does, for the log. */
  where: string;
  events: Events;
}

/** Takes from one of the queues of webhooks; what is to come again is put off, not failed. */
export function createQueueWorker<Data>(parts: QueueWorkerParts<Data>) {
  let worker: Worker<Data> | undefined;
  const tell = (error: unknown): void => parts.events.emit('redis.failed', { where: parts.where, error });

  async function takeOrPutOff(job: Job<Data>, token: string | undefined): Promise<void> {
    const again = await parts.take(job).catch((error: unknown) => {
      tell(error);
      return parts.afterFault();
    });
    if (again === undefined) return;
    // Not thrown, for the same reason: what stays where it is is taken again when its lock has run out.
    await job.moveToDelayed(again, token).catch(tell);
    throw new DelayedError();
  }

  return {
    async start(): Promise<void> {
      worker = new Worker<Data>(parts.queue.name, takeOrPutOff, {
        prefix: parts.queue.prefix,
        connection: parts.connection,
        concurrency: parts.concurrency,
        lockDuration: parts.lockTime * 1000,
        stalledInterval: parts.lockTime * 333,
        // Given up by a schedule, not because workers died.
        maxStalledCount: 1000,
        ...UNASKED_VERSION,
      });
      worker.on('error', tell);
      await worker.waitUntilReady();
    },
    async stop(): Promise<void> {
      await worker?.close();
      worker = undefined;
    },
  };
}
