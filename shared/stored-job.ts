import { toAttempts } from './attempt-history.ts';
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
  /** See attempt-history.ts. */
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
  const head = `{"id":${text(job.id)},"model":${text(job.model)},"version":${text(job.version)},"status":"${job.status}"`;
  const attempts = include.attempts ? `,"attempts":${JSON.stringify(toAttempts(job.history))}` : '';
  const input = include.input ? [',"input":', job.input ?? 'null'] : [];
  const output = job.output ?? 'null';
  if (typeof output === 'string' && input.length === 0)
    return [`${head},"output":${output}${withoutPayload(job)}${attempts}}`];
  return [`${head},"output":`, output, withoutPayload(job), ...input, `${attempts}}`];
}

export function renderJob(job: JobOf<string>, include?: Include): string {
  return jobPieces(job, include).join('');
}

/** All after the output; by hand, as each answer has it: it costs a third of what JSON.stringify takes for it. */
function withoutPayload(job: JobOf<unknown>): string {
  const { id, error, progress, spec, queue } = job;
  return (
    `,"error":${value(error)},"cache":"${job.cache}","progress":${value(progress)}` +
    `,"metadata":${spec.metadata === undefined ? '{}' : JSON.stringify(spec.metadata)}` +
    `,"created_at":${time(job.createdAt)},"started_at":${time(job.startedAt)}` +
    `,"completed_at":${time(job.endedAt)},"expires_at":${time(job.expiresAt)}` +
    `,"metrics":${metricsOf(job)},"queue":${value(queue)},"data_removed":${job.dataRemoved}` +
    `,"urls":{"get":${text(`/jobs/${id}`)},"cancel":${text(`/jobs/${id}/cancel`)},"events":${text(`/jobs/${id}/events`)}}` +
    (spec.request_id === undefined ? '' : `,"request_id":${text(spec.request_id)}`)
  );
}

function metricsOf({ status, queuedAt, startedAt, endedAt, attempts }: JobOf<unknown>): string {
  const left = startedAt ?? (isTerminal(status) ? endedAt : null);
  const queued = left === null ? null : seconds(left - queuedAt);
  const ran = startedAt === null || endedAt === null ? null : seconds(endedAt - startedAt);
  return `{"queue_time":${queued},"run_time":${ran},"attempts":${attempts}}`;
}

/** Most are as plain as an id; the others are escaped. */
function text(given: string): string {
  return PLAIN.test(given) ? `"${given}"` : JSON.stringify(given);
}

const PLAIN = /^[\w./@~-]*$/;

function value(given: object | null): string {
  return given === null ? 'null' : JSON.stringify(given);
}

function time(milliseconds: number | null): string {
  return milliseconds === null ? 'null' : `"${toTime(milliseconds)}"`;
}

function seconds(milliseconds: number): number {
  return Math.max(0, milliseconds) / 1000;
}

let last = { second: Number.NaN, text: '' };

/** RFC 3339; what is asked for together is often of the same second. */
export function toTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== last.second)
    last = { second, text: new Date(second * 1000).toISOString().slice(0, -'000Z'.length) };
  const rest = Math.floor(milliseconds) - second * 1000;
  return `${last.text}${String(rest).padStart(3, '0')}Z`;
}
