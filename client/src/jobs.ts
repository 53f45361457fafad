import { itemsOf, pathOf, withQuery } from './pages.ts';
import type { DeliveryAttempt, Job } from './schema.ts';
import type { Transport } from './transport.ts';

export interface JobFilter {
  model?: string;
  status?: Job['status'];
  metadata?: Record<string, string>;
}

export interface Options {
  signal?: AbortSignal;
}

/** Jobs that are there already. */
export function createJobs(transport: Transport) {
  return {
    get: (id: string, { include = [], signal }: Options & { include?: ('input' | 'attempts')[] } = {}) =>
      transport.ask<Job>({
        path: withQuery(pathOf('jobs', id), { include: include.length > 0 ? include.join(',') : undefined }),
        signal,
      }),
    /** Newest first; pages are asked for as they are reached. */
    list: ({ model, status, metadata = {} }: JobFilter = {}, { signal }: Options = {}) => {
      const labels = Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]);
      const query = { model, status, limit: 100, ...Object.fromEntries(labels) };
      return itemsOf<Job>(transport, withQuery('/jobs', query), signal);
    },
    /** The output alone, as the model gave it. */
    output: <Output = unknown>(id: string, { signal }: Options = {}) =>
      transport.ask<Output>({ path: pathOf('jobs', id, 'output'), signal }),
    /** Each attempt to deliver its webhook. */
    deliveries: async (id: string, { signal }: Options = {}) => {
      const { data } = await transport.ask<{ data: DeliveryAttempt[] }>({
        path: pathOf('jobs', id, 'deliveries'),
        signal,
      });
      return data;
    },
    /** Sends its webhook once more. */
    redeliver: (id: string, delivery: string, { signal }: Options = {}) =>
      transport.ask<DeliveryAttempt>({
        method: 'POST',
        path: pathOf('jobs', id, 'deliveries', delivery, 'redeliver'),
        signal,
      }),
  };
}
