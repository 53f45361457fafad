import { isTerminal } from '../shared/job-status.ts';
import type { Job } from '../shared/job.ts';
import { formatSeconds } from './duration.ts';
import { plain } from './terminal.ts';

/** What became known of a job while it was followed. */
export type Update =
  | { type: 'job'; job: Job }
  | { type: 'status'; status: string; attempt: number | undefined }
  | { type: 'progress'; progress: number; message: string | undefined }
  | { type: 'output'; chunk: unknown }
  | { type: 'log'; message: string };

/** What is shown of a job that is being followed. */
export interface JobView {
  status: string;
  attempt: number | undefined;
  queue: Job['queue'];
  progress: number | undefined;
  message: string | undefined;
}

export const NO_VIEW: JobView = {
  status: 'queued',
  attempt: undefined,
  queue: null,
  progress: undefined,
  message: undefined,
};

export function nextView(view: JobView, update: Update): JobView {
  switch (update.type) {
    case 'job':
      return viewOf(update.job);
    case 'status':
      // What was said of the attempt before is over.
      return {
        ...NO_VIEW,
        status: update.status,
        attempt: update.attempt,
        queue: update.status === 'queued' ? view.queue : null,
      };
    case 'progress':
      return { ...view, progress: update.progress, message: update.message };
    case 'output':
    case 'log':
    default:
      return view;
  }
}

function viewOf(job: Job): JobView {
  const { status, queue, progress, metrics } = job;
  return {
    status,
    attempt: metrics.attempts || undefined,
    queue,
    progress: progress?.progress,
    message: progress?.message,
  };
}

/** One line without the time: two lines that are equal need not both be shown. */
export function describe(view: JobView): string {
  const { status, attempt, queue, progress, message } = view;
  const parts = [
    status,
    attempt !== undefined && attempt > 1 ? `attempt ${attempt}` : '',
    queue && !isTerminal(status) ? describeQueue(queue) : '',
    progress === undefined ? '' : `${Math.floor(progress * 100)}%`,
    plain(message ?? ''),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function describeQueue(queue: NonNullable<Job['queue']>): string {
  const eta = typeof queue.eta === 'number' ? `, starts in about ${formatSeconds(queue.eta)}` : '';
  return `position ${queue.position}${eta}`;
}

/** How it ended, in one line. */
export function describeEnd(job: Job): string {
  const { queue_time: queued, run_time: ran, attempts } = job.metrics;
  const parts = [
    job.status,
    typeof queued === 'number' ? `queued ${formatSeconds(queued)}` : '',
    typeof ran === 'number' ? `ran ${formatSeconds(ran)}` : '',
    attempts > 1 ? `${attempts} attempts` : '',
    job.cache === 'hit' || job.cache === 'coalesced' ? `cache ${job.cache}` : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
