import type { TerminalStatus } from '../job-status.ts';
import { renderJob, toTime, type StoredJob } from '../stored-job.ts';
import { bytesOf } from '../text.ts';
import { eventType, type EventType, type WebhookEvent } from '../webhook-event.ts';

/** In bytes of JSON. A larger output is fetched by who wants it: it would be kept once for each delivery. */
const LARGEST_OUTPUT = 20_000;

/** The id of the message of a job's end: each end of a job that is run again has its own. */
export function endMessageId(jobId: string, revision: number): string {
  return `msg_${jobId}_${revision}`;
}

/** The job and the revision that a message of an end is about. */
export function parseEndMessageId(id: string): { jobId: string; revision: number } | undefined {
  const [, jobId, revision] = /^msg_(job_[0-9a-z]+)_(\d+)$/.exec(id) ?? [];
  return jobId && revision ? { jobId, revision: Number(revision) } : undefined;
}

/** What a job was when it ended, kept when the client has it run again. */
export type PastEnd = Pick<
  StoredJob,
  'run' | 'cache' | 'queuedAt' | 'startedAt' | 'endedAt' | 'attempts' | 'error'
>;

/** The job as it was at an earlier end: such a job has not succeeded, so it had no output. */
export function asItEnded(job: StoredJob, status: TerminalStatus, past: PastEnd | undefined): StoredJob {
  return { ...job, error: null, ...past, status, output: null, queue: null, progress: null };
}

/** The job as it was when it first started. */
export function asItStarted(job: StoredJob): StoredJob {
  const started = { status: 'running', endedAt: null, output: null, error: null } as const;
  return { ...job, ...started, attempts: 1, queue: null, progress: null };
}

/** The body of a message, as Standard Webhooks has it. */
export function jobMessage(event: WebhookEvent, at: number, job: StoredJob): string {
  return message(eventType(event), at, renderForReceiver(job));
}

/** `data` is JSON. */
export function message(type: EventType, at: number, data: string): string {
  return `{"type":"${type}","timestamp":"${toTime(at)}","data":${data}}`;
}

function renderForReceiver(job: StoredJob): string {
  const { input: _, output, ...rest } = job;
  if (output === null || (typeof output === 'string' && bytesOf(output) <= LARGEST_OUTPUT))
    return renderJob({ ...rest, output });
  return `${renderJob({ ...rest, output: null }).slice(0, -1)},"output_url":"/jobs/${job.id}/output"}`;
}
