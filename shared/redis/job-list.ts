import type { JobStatus } from '../job-status.ts';
import type { StoredJob } from '../stored-job.ts';
import { bytesOf } from '../text.ts';
import type { RedisConnection } from './connection.ts';
import { readJob, readRecord } from './job-reader.ts';
import { codeOfJob, keyPrefix } from './keys.ts';
import { byAge, newestOf, type Place } from './newest-first.ts';

const READ_AT_ONCE = 20;
/** A filter that fits few jobs stops looking after so many and goes on at the next page. */
const MOST_LOOKED_AT = 1000;
/** A page with more output than this, in bytes, ends early. */
const LARGEST_PAGE = 8 * 1024 * 1024;

export interface JobFilter {
  tenant: string;
  /** The codes of the models to look at. */
  codes: readonly string[];
  status?: JobStatus;
  version?: string;
  errorType?: string;
  metadata: Readonly<Record<string, string>>;
}

export interface JobPage {
  jobs: StoredJob[];
  next: Place | undefined;
}

/** Lists a tenant's jobs, newest first, over several models. Records that are forgotten leave the index on the way. */
export async function listJobs(
  redis: RedisConnection,
  filter: JobFilter,
  limit: number,
  after: Place | undefined,
): Promise<JobPage> {
  const jobs: StoredJob[] = [];
  let cursor = after;
  let bytes = 0;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += READ_AT_ONCE) {
    const candidates = await newest(redis, filter, cursor);
    if (candidates.length === 0) return { jobs, next: undefined };
    const records = await Promise.all(candidates.map(({ id }) => readRecord(redis, id)));
    for (const [index, candidate] of candidates.entries()) {
      const record = records[index];
      if (!record) await forget(redis, filter.tenant, candidate.id);
      const job = record && fits(record, filter) ? await readJob(redis, candidate.id) : undefined;
      if (job) jobs.push(job);
      cursor = candidate;
      bytes += job?.output ? bytesOf(job.output) : 0;
      if (jobs.length === limit || bytes > LARGEST_PAGE) return { jobs, next: cursor };
    }
  }
  return { jobs, next: cursor };
}

async function newest(
  redis: RedisConnection,
  filter: JobFilter,
  cursor: Place | undefined,
): Promise<Place[]> {
  const lists = await Promise.all(
    filter.codes.map((code) =>
      newestOf(redis, listKey(code, filter.tenant), { count: READ_AT_ONCE, cursor }),
    ),
  );
  return lists.flat().sort(byAge).slice(0, READ_AT_ONCE);
}

function fits(job: StoredJob, { status, version, errorType, metadata }: JobFilter): boolean {
  if (status !== undefined && job.status !== status) return false;
  if (version !== undefined && job.version !== version) return false;
  if (errorType !== undefined && job.error?.error_type !== errorType) return false;
  return Object.entries(metadata).every(([key, value]) => job.spec.metadata?.[key] === value);
}

async function forget(redis: RedisConnection, tenant: string, id: string): Promise<void> {
  const code = codeOfJob(id);
  if (code) await redis.zrem(listKey(code, tenant), id);
}

function listKey(code: string, tenant: string): string {
  return `${keyPrefix(code)}list:${tenant}`;
}
