import type { Attempt, Job } from '../shared/job.ts';
import { failureOf } from './conclusion.ts';
import { formatAge, formatSeconds } from './duration.ts';
import { describe, NO_VIEW, nextView } from './job-view.ts';
import { toJson } from './output.ts';
import { formatFields, formatTable } from './table.ts';
import { plain, type Colors, type Screen } from './terminal.ts';

const HEADINGS = ['ID', 'MODEL', 'STATUS', 'AGE', 'QUEUED', 'RAN', 'CACHE'];

/** `now`: milliseconds, for the ages. */
export function formatJobs(jobs: readonly Job[], screen: Screen, now: number): string {
  const rows = jobs.map((job) => [
    job.id,
    nameOf(job),
    job.status,
    formatAge(job.created_at, now),
    duration(job.metrics.queue_time),
    duration(job.metrics.run_time),
    job.cache,
  ]);
  return formatTable(HEADINGS, rows, screen);
}

/** Everything of one job, its output last. */
export function formatJob(job: Job, screen: Screen, now: number): string {
  const { queue_time: queued, run_time: ran, attempts } = job.metrics;
  const fields: [string, string][] = [
    ['id', job.id],
    ['model', nameOf(job)],
    ['status', statusOf(job)],
    ['age', `${formatAge(job.created_at, now)} (${job.created_at})`],
    ['queued', duration(queued)],
    ['ran', `${duration(ran)}${attempts > 1 ? `, ${attempts} attempts` : ''}`],
    ['cache', job.cache],
    ...Object.entries(job.metadata).map(([key, value]): [string, string] => [
      'metadata',
      plain(`${key}=${value}`),
    ]),
    ...errorFields(job),
    ...(job.attempts ?? []).map((attempt): [string, string] => ['attempt', describeAttempt(attempt)]),
  ];
  return formatFields(fields, screen) + formatData(job, screen.colors);
}

function nameOf(job: Job): string {
  return job.version && !job.model.includes('@') ? `${job.model}@${job.version}` : job.model;
}

function statusOf(job: Job): string {
  return describe(nextView(NO_VIEW, { type: 'job', job }));
}

function duration(seconds: number | null): string {
  return typeof seconds === 'number' ? formatSeconds(seconds) : '–';
}

function errorFields(job: Job): [string, string][] {
  if (!job.error) return [];
  const { title, detail, error_type } = job.error;
  const [cure] = failureOf(job).cures;
  const advice: [string, string][] = cure === undefined ? [] : [['cure', cure]];
  return [['error', plain(`${title} (${error_type})`)], ['detail', plain(detail)], ...advice];
}

function describeAttempt({ attempt, outcome, detail, endpoint }: Attempt): string {
  return plain([`${attempt}: ${outcome}`, endpoint, detail].filter(Boolean).join(' · '));
}

function formatData(job: Job, colors: Colors): string {
  if (job.data_removed) return `${colors.dim('The input and the output have been removed.')}\n`;
  const input = job.input === undefined ? '' : `\n${colors.dim('input')}\n${toJson(job.input)}\n`;
  const output = job.status === 'succeeded' ? `\n${colors.dim('output')}\n${toJson(job.output)}\n` : '';
  return input + output;
}
