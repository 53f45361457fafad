import type { StartedRun } from '../../shared/ports.ts';

/** A run as a worker gets it. */
export function startedRun(more: Partial<StartedRun> = {}): StartedRun {
  return {
    run: 'job_abc123_1',
    jobId: 'job_abc123_1',
    token: 1,
    startedAt: 0,
    spec: { mode: 'use', priority: 'normal', subject: 'dev', request_id: 'req_1', weight: 1 },
    input: '1',
    tenant: 'dev',
    model: 'm',
    version: '1',
    attempt: 1,
    spent: 0,
    waitedMs: 0,
    givenUp: false,
    told: [],
    ...more,
  };
}
