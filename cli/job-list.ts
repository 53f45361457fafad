import type { Job } from '../shared/job.ts';
import type { Client } from './client.ts';
import { toJobs } from './job.ts';
import { pathIn } from './tenant.ts';

export interface ListOptions {
  /** Another than one's own, for admins. */
  tenant?: string;
  model?: string;
  status?: string;
  errorType?: string;
  metadata?: Record<string, string>;
  limit: number;
}

export interface JobList {
  data: Job[];
  next: string | null;
}

const LARGEST_PAGE = 100;

/** Follows the pages until there are `limit` jobs or no more. `next` is where the rest would begin. */
export async function listJobs(client: Client, options: ListOptions, signal?: AbortSignal): Promise<JobList> {
  const data: Job[] = [];
  let next: string | null = firstPage(options);
  while (next !== null && data.length < options.limit) {
    const answer = await client.call({ path: next, ...(signal ? { signal } : {}) });
    const page = toJobs(answer.body, client.connection.url);
    data.push(...page.data);
    next = page.next;
  }
  return { data: data.slice(0, options.limit), next };
}

function firstPage({ tenant, model, status, errorType, metadata = {}, limit }: ListOptions): string {
  const query = new URLSearchParams({ limit: String(Math.min(limit, LARGEST_PAGE)) });
  if (model !== undefined) query.set('model', model);
  if (status !== undefined) query.set('status', status);
  if (errorType !== undefined) query.set('error_type', errorType);
  for (const [key, value] of Object.entries(metadata)) query.set(`metadata.${key}`, value);
  return pathIn(tenant, `/jobs?${query.toString()}`);
}
