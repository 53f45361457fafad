import { toLine, type PastAttempt } from '../shared/attempt-history.ts';
import { endpointName } from '../shared/endpoint-name.ts';
import type { InferqError } from '../shared/errors.ts';
import type { AttemptOutcome, Events } from '../shared/events.ts';
import type { Endpoint } from '../shared/model.ts';
import type { TracedRun } from './traced-run.ts';

/** A run that a worker has taken; `begun` is on the process' own monotonic clock. */
export interface RunInHand extends TracedRun {
  worker: string;
  begun: number;
}

/** One call of a model for the run, for its history. */
export interface Try {
  /** None where no call was made. */
  endpoint: Endpoint | undefined;
  error?: InferqError | undefined;
  /** Where it is not the run's own. */
  model?: string;
}

/**
 * The entries of the attempt in the job's history, a line each: one more where the attempt before was lost with
 * its worker, and where a fallback was asked. Times are Redis' clock, carried on by the elapsed time.
 */
export function accountOf(run: RunInHand, ...tries: Try[]): string {
  const entries: PastAttempt[] = run.lost ? [lostEntry(run, run.lost)] : [];
  for (const { endpoint, error, model } of tries)
    entries.push({
      attempt: run.attempt,
      startedAt: run.startedAt,
      endedAt: run.startedAt + Math.round(elapsedMs(run)),
      outcome: error?.code ?? 'succeeded',
      worker: run.worker,
      ...(endpoint ? { endpoint: endpointName(endpoint.url) } : {}),
      ...(model === undefined ? {} : { model }),
      ...(error ? { detail: error.message } : {}),
    });
  return entries.map(toLine).join('\n');
}

function lostEntry(
  { attempt, startedAt, givenUp }: RunInHand,
  lost: { startedAt: number; worker: string },
): PastAttempt {
  return {
    attempt: givenUp ? attempt : attempt - 1,
    startedAt: lost.startedAt,
    endedAt: startedAt,
    outcome: 'worker_lost',
    detail: 'Its worker died, or gave no sign of life for too long.',
    worker: lost.worker,
  };
}

export function tellStart(
  events: Events,
  { jobId, model, version, tenant, attempt, spec, waitedMs, trace }: RunInHand,
): void {
  events.emit('job.started', {
    jobId,
    model,
    version,
    tenant,
    attempt,
    requestId: spec.request_id,
    waitMs: waitedMs,
    ...(trace ? { trace } : {}),
  });
}

export function tellFailure(
  events: Events,
  { jobId, model, attempt, spec, trace }: RunInHand,
  { endpoint, error }: Try & { error: InferqError },
  next: 'retry' | 'give up',
): void {
  events.emit('attempt.failed', {
    jobId,
    model,
    attempt,
    endpoint: endpoint ? endpointName(endpoint.url) : '',
    errorType: error.code,
    detail: error.message,
    next,
    requestId: spec.request_id,
    ...(trace ? { trace } : {}),
  });
}

export function tellBusy(
  events: Events,
  { jobId, model, spec }: RunInHand,
  { endpoint }: Try,
  delayMs: number,
): void {
  events.emit('endpoint.busy', {
    jobId,
    model,
    endpoint: endpoint ? endpointName(endpoint.url) : '',
    delayMs,
    requestId: spec.request_id,
  });
}

export function tellEnd(events: Events, run: RunInHand, error?: InferqError): void {
  const { jobId, model, version, tenant, attempt, spec, trace } = run;
  events.emit('job.ended', {
    jobId,
    model,
    version,
    tenant,
    attempt,
    status: error ? 'failed' : 'succeeded',
    requestId: spec.request_id,
    milliseconds: elapsedMs(run),
    totalMs: run.waitedMs + elapsedMs(run),
    ...(error ? { errorType: error.code } : {}),
    ...(trace ? { trace } : {}),
  });
}

export function tellAttempt(events: Events, run: RunInHand, outcome: AttemptOutcome): void {
  const { jobId, model, version, tenant, attempt, spec, trace } = run;
  events.emit('attempt.ended', {
    jobId,
    model,
    version,
    tenant,
    attempt,
    outcome,
    requestId: spec.request_id,
    milliseconds: elapsedMs(run),
    ...(trace ? { trace } : {}),
  });
}

function elapsedMs({ begun }: RunInHand): number {
  return performance.now() - begun;
}
