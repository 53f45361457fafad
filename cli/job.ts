import type { Job } from '../shared/job.ts';
import { foreign, usage, type Failure } from './failure.ts';
import { isRecord } from './json.ts';
import { pathIn } from './tenant.ts';

/**
 * Checks as much of a job as this command line relies on. Not the whole schema: a newer broker may send more, and
 * compiling it would cost each command 150 ms.
 */
export function isJob(value: unknown): value is Job {
  if (!isRecord(value) || !isRecord(value['metrics']) || !isRecord(value['metadata'])) return false;
  const texts = ['id', 'model', 'status', 'cache', 'created_at'].map((name) => value[name]);
  const records = ['error', 'progress', 'queue'].map((name) => value[name]);
  return (
    texts.every((text) => typeof text === 'string') &&
    records.every((record) => record === null || isRecord(record))
  );
}

/** The body of an answer that is a job by contract. */
export function toJob(body: unknown, url: string): Job {
  if (!isJob(body)) throw notAJob(url);
  return body;
}

export function toJobs(body: unknown, url: string): { data: Job[]; next: string | null } {
  if (!isRecord(body) || !Array.isArray(body['data'])) throw notAJob(url);
  const data: unknown[] = body['data'];
  if (!data.every(isJob)) throw notAJob(url);
  return { data, next: typeof body['next'] === 'string' ? body['next'] : null };
}

function notAJob(url: string): Failure {
  return foreign(url, 'its answer is not a job');
}

/** The path of a job's resource. What is not an id is refused before it becomes part of a path. */
export function jobPath(id: string, rest = '', tenant?: string): string {
  if (!/^job_[\w-]+$/.test(id)) {
    throw usage(`"${id}" is not the id of a job: those begin with job_`, 'npx inferq jobs ls  lists them');
  }
  return pathIn(tenant, `/jobs/${id}${rest}`);
}
