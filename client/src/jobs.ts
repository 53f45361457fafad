import { followJob, waitForJob, type FollowOptions, type JobsAt } from './follow-job.ts';
import { itemsOf, pathOf, withQuery } from './pages.ts';
import type { DeliveryAttempt, Job } from './schema.ts';
import type { Transport } from './transport.ts';

export interface JobFilter {
  model?: string;
  status?: Job['status'];
  /** Only those that failed with this. */
  error_type?: NonNullable<Job['error']>['error_type'];
  metadata?: Record<string, string>;
}

export interface Options {
  signal?: AbortSignal;
}

/** Jobs that are there already. */
export function createJobs(transport: Transport, { get, list, output, deliveries }: JobsOf) {
  return {
    get,
    list,
    output,
    deliveries,
    /** Sends its webhook once more. */
    redeliver: (id: string, delivery: string, { signal }: Options = {}) =>
      transport.ask<DeliveryAttempt>({
        method: 'POST',
        path: pathOf('jobs', id, 'deliveries', delivery, 'redeliver'),
        signal,
      }),
  };
}

/** What can be asked of jobs wherever they are. */
export function createJobsAt(at: JobsAt, transport: Transport, parse: (text: string) => unknown) {
  return {
    get: (id: string, { include = [], signal }: Options & { include?: ('input' | 'attempts')[] } = {}) =>
      transport.ask<Job>({
        path: withQuery(pathOf(...at, id), { include: include.length > 0 ? include.join(',') : undefined }),
        signal,
      }),
    /** Newest first; pages are asked for as they are reached. */
    list: ({ model, status, error_type, metadata = {} }: JobFilter = {}, { signal }: Options = {}) => {
      const labels = Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]);
      const query = { model, status, error_type, limit: 100, ...Object.fromEntries(labels) };
      return itemsOf<Job>(transport, withQuery(pathOf(...at), query), signal);
    },
    /** The output alone, as the model gave it. */
    output: <Output = unknown>(id: string, { signal }: Options = {}) =>
      transport.ask<Output>({ path: pathOf(...at, id, 'output'), signal }),
    /** Each attempt to deliver its webhook. */
    deliveries: async (id: string, { signal }: Options = {}) => {
      const { data } = await transport.ask<{ data: DeliveryAttempt[] }>({
        path: pathOf(...at, id, 'deliveries'),
        signal,
      });
      return data;
    },
    /** The job when it has ended, however it ended. An aborted signal ends the waiting, not the job. */
    wait: (id: string, { signal }: Options = {}) => waitForJob(transport, at, id, signal),
    /** What happens to a job, to its end. Resumes where the connection breaks. */
    stream: (id: string, followOptions: FollowOptions = {}) =>
      followJob(transport, at, id, followOptions, parse),
    /** Cancels a job, also one that runs. */
    cancel: (id: string, { signal }: Options = {}) =>
      transport.ask<Job>({ method: 'POST', path: pathOf(...at, id, 'cancel'), repeatable: true, signal }),
    /** Runs a job again that failed, was canceled or expired. */
    retry: (id: string, { signal }: Options = {}) =>
      transport.ask<Job>({ method: 'POST', path: pathOf(...at, id, 'retry'), signal }),
  };
}

type JobsOf = ReturnType<typeof createJobsAt>;
