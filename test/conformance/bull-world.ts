import { Worker, type Job } from 'bullmq';
import { createWorkQueue, QUEUE_NAME, queuePrefix } from '../../shared/redis/work-queue.ts';
import type { JobWorld, SubmitOptions } from '../support/job-world.ts';

const TOKEN = 'a worker';

/** A world whose jobs wait in a real BullMQ queue, of which a real BullMQ worker takes one when it is told to. */
export function createBullWorld(world: JobWorld) {
  const queue = createWorkQueue(world.connection, raise);
  const worker = new Worker(QUEUE_NAME, undefined, {
    prefix: queuePrefix(world.code),
    connection: world.connection,
    autorun: false,
    skipVersionCheck: true,
  });
  worker.on('error', raise);

  async function take(): Promise<Job | undefined> {
    return (await worker.getNextJob(TOKEN, { block: false })) ?? undefined;
  }

  return {
    queue,
    worker,
    take,
    /** Admits a job and tells BullMQ, as the API does. */
    async submit(options: SubmitOptions = {}): Promise<string> {
      const { id, admission } = await world.submit(options);
      if (admission.kind !== 'queued') throw new Error(`The job was not queued: ${admission.kind}`);
      await queue.add(id, { priority: admission.priority, delayMs: Math.round((options.delay ?? 0) * 1000) });
      return id;
    },
    /** Takes what BullMQ gives next and sees it to its end; answers its run. */
    async workOff(): Promise<string | undefined> {
      const job = await take();
      if (!job?.id) return undefined;
      const run = await world.store.start(job.id, 'worker');
      if (run) await world.succeed(run);
      await job.moveToCompleted(null, TOKEN, false);
      return job.id;
    },
    /** Gives a job back to BullMQ as the worker does between two attempts. */
    async giveBack(job: Job): Promise<void> {
      await job.moveToDelayed(Date.now(), TOKEN);
    },
    async close(): Promise<void> {
      await worker.close();
      await queue.close();
    },
  };
}

export type BullWorld = ReturnType<typeof createBullWorld>;

function raise(error: Error): never {
  throw error;
}
