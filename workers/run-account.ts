import type { InferqError } from '../shared/errors.ts';
import type { Events } from '../shared/events.ts';
import type { Attempt } from '../shared/job.ts';
import type { StartedRun } from '../shared/ports.ts';
import { toTime } from '../shared/stored-job.ts';

/** A run that a worker has taken; `begun` is on the process' own monotonic clock. */
export interface RunInHand extends StartedRun {
  worker: string;
  begun: number;
}

/**
 * The entry of the attempt in the job's history, as lines of JSON: two where the one before was lost with its worker.
 * Times are Redis' clock, carried on by the elapsed time.
 */
export function accountOf(run: RunInHand, url: string, error?: InferqError): string {
  const entry: Attempt = {
    attempt: run.attempt,
    started_at: toTime(run.startedAt),
    ended_at: toTime(run.startedAt + Math.round(elapsedMs(run))),
    outcome: error?.code ?? 'succeeded',
    worker: run.worker,
    endpoint: withoutSecrets(url),
  };
  const own = JSON.stringify(error ? { ...entry, detail: error.message } : entry);
  return run.lost ? `${JSON.stringify(lostEntry(run, run.lost))}\n${own}` : own;
}

function lostEntry({ attempt, startedAt }: RunInHand, lost: { startedAt: number; worker: string }): Attempt {
  return {
    attempt: attempt - 1,
    started_at: toTime(lost.startedAt),
    ended_at: toTime(startedAt),
    outcome: 'worker_lost',
    detail: 'Its worker died, or gave no sign of life for too long.',
    worker: lost.worker,
  };
}

export function tellStart(
  events: Events,
  { jobId, model, version, tenant, attempt, spec, waitedMs }: RunInHand,
): void {
  events.emit('job.started', {
    jobId,
    model,
    version,
    tenant,
    attempt,
    requestId: spec.request_id,
    waitMs: waitedMs,
  });
}

export function tellFailure(
  events: Events,
  { jobId, model, attempt }: RunInHand,
  url: string,
  error: InferqError,
  next: 'retry' | 'give up',
): void {
  const endpoint = withoutSecrets(url);
  events.emit('attempt.failed', {
    jobId,
    model,
    attempt,
    endpoint,
    errorType: error.code,
    detail: error.message,
    next,
  });
}

export function tellBusy(events: Events, { jobId, model }: RunInHand, url: string, delayMs: number): void {
  events.emit('endpoint.busy', { jobId, model, endpoint: withoutSecrets(url), delayMs });
}

export function tellEnd(events: Events, run: RunInHand, error?: InferqError): void {
  const { jobId, model, version, tenant, attempt, spec } = run;
  events.emit('job.ended', {
    jobId,
    model,
    version,
    tenant,
    attempt,
    status: error ? 'failed' : 'succeeded',
    requestId: spec.request_id,
    milliseconds: elapsedMs(run),
    ...(error ? { errorType: error.code } : {}),
  });
}

function elapsedMs({ begun }: RunInHand): number {
  return performance.now() - begun;
}

// A query may hold a key.
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
