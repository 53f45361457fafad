import { InferqError } from '../../shared/errors.ts';
import type { Events } from '../../shared/events.ts';
import type { JobStore } from '../../shared/ports.ts';
import type { Outbox } from '../../shared/redis/outbox.ts';
import type { WorkQueue } from '../../shared/redis/work-queue.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import { noSuchJob } from '../auth/authorize.ts';

export interface CancelParts {
  store: JobStore;
  queue: WorkQueue;
  outbox: Outbox;
  events: Events;
}

/**
 * Ends a job at once; what runs for nobody else is aborted. Repeating it is harmless. Answers the job as it was then:
 * it may have been retried since.
 */
export async function cancelJob(
  { store, queue, outbox, events }: CancelParts,
  job: StoredJob,
): Promise<StoredJob> {
  const left = await store.leave(job.id, 'canceled');
  if (left.kind === 'missing' || left.kind === 'not due') throw noSuchJob();
  if (left.job.status !== 'canceled')
    throw new InferqError('job_ended', `The job has ended already: it is ${left.job.status}.`);
  if (left.kind === 'left') {
    const tell = (where: string) => (error: unknown) => events.emit('redis.failed', { where, error });
    if (job.spec.webhook) await outbox.send(job.id).catch(tell('outbox'));
    // Without this BullMQ hands the run out and the worker finds that nobody waits for it.
    if (left.abandoned && left.was === 'queued')
      await queue.remove(left.job.run).catch(tell('taking a run out'));
  }
  return left.job;
}
