import { InferqError } from '../../shared/errors.ts';
import type { Events } from '../../shared/events.ts';
import { isTerminal } from '../../shared/job-status.ts';
import type { Registry } from '../../shared/models/registry.ts';
import type { JobStore, Retrial } from '../../shared/ports.ts';
import { codeOfJob } from '../../shared/redis/keys.ts';
import type { MemoryWatch } from '../../shared/redis/memory-watch.ts';
import type { WorkQueue } from '../../shared/redis/work-queue.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import { noSuchJob } from '../auth/authorize.ts';
import type { TenantSettings } from '../../shared/tenant.ts';
import { fullError } from '../http/retry-after.ts';
import { reserveBudget, type BudgetParts } from './budget.ts';
import { tenantBound, type TenantBoundParts } from './tenant-bound.ts';

export interface RetryParts extends TenantBoundParts, BudgetParts {
  store: JobStore;
  queue: WorkQueue;
  registry: Registry;
  events: Events;
  memory: MemoryWatch;
  settingsOf: (tenant: string) => Promise<TenantSettings>;
}

/** What became of it; where there was no room, what a client is told. */
type Outcome =
  | Exclude<Retrial, { kind: 'full' }>
  | { kind: 'full'; error: InferqError }
  | { kind: 'not served' };

/**
 * Queues a job again that failed, was canceled or expired, and hands it to the workers. Throws `budget_spent` and
 * `model_unpriced` where its tenant cannot pay for it.
 */
export async function tryAgain(parts: RetryParts, job: StoredJob): Promise<Outcome> {
  const { store, queue, registry, events } = parts;
  const model = registry.findByCode(codeOfJob(job.id) ?? '', job.version);
  if (!model || model.draining) return { kind: 'not served' };
  if (job.status === 'succeeded' || !isTerminal(job.status)) return { kind: 'refused', status: job.status };
  parts.memory.take(0);
  const settings = await parts.settingsOf(job.tenant);
  const bound = await tenantBound(parts, job.tenant, settings, model);
  const reservation = `${job.id}~${job.retries + 1}`;
  const hold = await reserveBudget(parts, { tenant: job.tenant, settings, model: model.spec, reservation });
  if (hold.refusal) throw hold.refusal;
  const retrial = await store.retry(job, model.spec, bound.most, hold.price);
  await (retrial.kind === 'queued' ? hold.keep() : hold.release());
  if (retrial.kind === 'queued')
    await queue
      .add(retrial.job.run, { priority: retrial.priority, delayMs: 0 })
      .catch((error: unknown) => events.emit('redis.failed', { where: 'handing a job to BullMQ', error }));
  return retrial.kind === 'full' ? { kind: 'full', error: fullError(retrial, job.model, bound) } : retrial;
}

/** The same for a client. Answers the job as it was then: it may have started since. Throws why it cannot be. */
export async function retryJob(parts: RetryParts, job: StoredJob): Promise<StoredJob> {
  const retrial = await tryAgain(parts, job);
  switch (retrial.kind) {
    case 'not served':
      throw new InferqError('model_not_found', `${job.model}@${job.version} is not served any more.`);
    case 'missing':
      throw noSuchJob();
    case 'refused':
      throw retrial.status === 'succeeded'
        ? new InferqError('job_not_retryable', 'The job has succeeded: submit a new one.')
        : new InferqError(
            'job_not_ended',
            `The job is ${retrial.status}: only a job that has ended can be retried.`,
          );
    case 'removed':
      throw new InferqError(
        'data_removed',
        'The input was removed when its retention ran out: submit a new job.',
      );
    case 'full':
      throw retrial.error;
    case 'queued':
      break;
  }
  return retrial.job;
}
