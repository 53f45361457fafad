import type { Job } from '../../shared/job.ts';

/** A job as the API shows it: queued, with what is given in place of what it would be. */
export function sampleJob(given: Partial<Job> = {}): Job {
  const id = given.id ?? 'job_1';
  return {
    id,
    model: 'language-id',
    version: '1',
    status: 'queued',
    output: null,
    error: null,
    cache: 'miss',
    progress: null,
    metadata: {},
    created_at: new Date(Date.now() - 65_000).toISOString(),
    started_at: null,
    completed_at: null,
    expires_at: null,
    metrics: { queue_time: null, run_time: null, attempts: 0 },
    queue: null,
    data_removed: false,
    urls: { get: `/jobs/${id}`, cancel: `/jobs/${id}/cancel`, events: `/jobs/${id}/events` },
    ...given,
  };
}

export function succeededJob(output: unknown, given: Partial<Job> = {}): Job {
  const metrics = { queue_time: 0.004, run_time: 1.25, attempts: 1 };
  return sampleJob({ status: 'succeeded', output, metrics, ...given });
}

export function failedJob(given: Partial<Job> = {}): Job {
  const error = {
    type: 'urn:inferq:error:model_error',
    title: 'The model refused or failed the request',
    status: 502,
    detail: 'HTTP 500: out of memory',
    error_type: 'model_error',
    retryable: false,
    attempt: 3,
  };
  return sampleJob({ status: 'failed', error, ...given });
}
