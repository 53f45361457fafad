import { isCached } from '../../shared/cache-key.ts';
import type { Model } from '../../shared/models/registry.ts';
import type { Admission } from '../../shared/ports.ts';
import { estimate } from '../../shared/redis/queue-place.ts';
import type { JobSpec, StoredJob } from '../../shared/stored-job.ts';

export interface Admitted {
  id: string;
  tenant: string;
  model: Model;
  spec: JobSpec;
}

/** The job as `admit` has just written it, without reading it again. */
export function admittedJob(
  { id, tenant, model, spec }: Admitted,
  admission: Exclude<Admission, { kind: 'exists' | 'full' | 'late' | 'not cached' }>,
): StoredJob {
  const { createdAt, kind } = admission;
  const ttl = spec.ttl === undefined ? undefined : (spec.ttl + (spec.delay ?? 0)) * 1000;
  const cached = isCached(model.spec) && spec.mode !== 'bypass';
  const status = kind === 'hit' ? 'succeeded' : kind === 'joined' ? admission.status : 'queued';
  return {
    id,
    tenant,
    model: model.spec.name,
    version: model.spec.version,
    status,
    cache: kind === 'hit' ? 'hit' : kind === 'joined' ? 'coalesced' : cached ? 'miss' : 'bypass',
    run: kind === 'joined' ? admission.run : id,
    spec,
    createdAt,
    queuedAt: createdAt,
    startedAt: status === 'running' ? createdAt : null,
    endedAt: kind === 'hit' ? createdAt : null,
    expiresAt: ttl === undefined ? null : createdAt + ttl,
    attempts: status === 'running' ? 1 : 0,
    retries: 0,
    revision: kind === 'hit' ? 2 : 1,
    error: null,
    progress: null,
    queue:
      kind === 'queued'
        ? { position: admission.position, eta: estimate(admission.position, admission.rate, spec.delay) }
        : null,
    output: kind === 'hit' ? admission.output : null,
    dataRemoved: false,
  };
}
