import type { CACHE_MODES, Job, JobError, Priority, Progress } from './job.ts';
import { isTerminal, type JobStatus } from './job-status.ts';
import type { Text } from './text.ts';
import type { Webhook } from './webhook-event.ts';

/** What a client asked for, apart from model and input. Kept as JSON in the job's record; durations are seconds. */
export interface JobSpec {
  mode: (typeof CACHE_MODES)[number];
  priority: Priority;
  subject: string;
  request_id: string;
  weight: number;
  webhook?: Webhook;
  ttl?: number;
  delay?: number;
  timeout?: number;
  metadata?: Record<string, string>;
  traceparent?: string;
}

/** A job as it is kept. Times are Unix milliseconds; `output` and `input` are never parsed on the way. */
export interface StoredJob {
  id: string;
  tenant: string;
  model: string;
  version: string;
  status: JobStatus;
  cache: Job['cache'];
  run: string;
  spec: JobSpec;
  createdAt: number;
  queuedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  expiresAt: number | null;
  attempts: number;
  retries: number;
  revision: number;
  error: JobError | null;
  progress: Progress | null;
  queue: Job['queue'];
  output: Text | null;
  dataRemoved: boolean;
  input?: Text;
  history?: string;
}

/** A job whose texts are something else than what Redis has of them: the texts themselves, or streams. */
export type JobOf<T> = Omit<StoredJob, 'input' | 'output'> & { output: T | null; input?: T };

export interface Include {
  input?: boolean;
  attempts?: boolean;
}

/** The JSON that clients see, in pieces: input and output go in as they are stored, and are never parsed. */
export function jobPieces<T>(job: JobOf<T>, include: Include = {}): (T | string)[] {
  const { id, model, version, status } = job;
  const head = JSON.stringify({ id, model, version, status });
  const attempts = include.attempts ? `,"attempts":[${(job.history ?? '').replaceAll('\n', ',')}]` : '';
  const input = include.input ? [',"input":', job.input ?? 'null'] : [];
  const rest = JSON.stringify(withoutPayload(job)).slice(1, -1);
  return [`${head.slice(0, -1)},"output":`, job.output ?? 'null', `,${rest}`, ...input, `${attempts}}`];
}

export function renderJob(job: JobOf<string>, include?: Include): string {
  return jobPieces(job, include).join('');
}

function withoutPayload(job: JobOf<unknown>): Omit<Job, 'id' | 'model' | 'version' | 'status' | 'output'> {
  const path = `/jobs/${job.id}`;
  return {
    error: job.error,
    cache: job.cache,
    progress: job.progress,
    metadata: job.spec.metadata ?? {},
    created_at: toTime(job.createdAt),
    started_at: job.startedAt === null ? null : toTime(job.startedAt),
    completed_at: job.endedAt === null ? null : toTime(job.endedAt),
    expires_at: job.expiresAt === null ? null : toTime(job.expiresAt),
    metrics: metricsOf(job),
    queue: job.queue,
    data_removed: job.dataRemoved,
    urls: { get: path, cancel: `${path}/cancel`, events: `${path}/events` },
    request_id: job.spec.request_id,
  };
}

function metricsOf({ status, queuedAt, startedAt, endedAt, attempts }: JobOf<unknown>): Job['metrics'] {
  const left = startedAt ?? (isTerminal(status) ? endedAt : null);
  return {
    queue_time: left === null ? null : seconds(left - queuedAt),
    run_time: startedAt === null || endedAt === null ? null : seconds(endedAt - startedAt),
    attempts,
  };
}

function seconds(milliseconds: number): number {
  return Math.max(0, milliseconds) / 1000;
}

export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
