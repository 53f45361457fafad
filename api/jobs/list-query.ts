import { isJobStatus, STATUSES, type JobStatus } from '../../shared/job-status.ts';
import { invalidParameter, valuesOf } from '../http/query.ts';
import type { Place } from '../../shared/redis/newest-first.ts';
import { LIMIT } from '../http/page.ts';
import { parseCursor, readLimit, unknownParameter } from '../http/page-query.ts';

const ID = /^job_[0-9a-z]+$/;

export interface ListQuery {
  models: string | undefined;
  status: JobStatus | undefined;
  errorType: string | undefined;
  metadata: Record<string, string>;
  limit: number;
  cursor: Place | undefined;
}

/** Reads the query of `GET /jobs`; throws `invalid_request` for what it does not know. */
export function readListQuery(query: URLSearchParams): ListQuery {
  const result: ListQuery = {
    models: undefined,
    status: undefined,
    errorType: undefined,
    metadata: {},
    limit: LIMIT.default,
    cursor: undefined,
  };
  for (const [name, value] of valuesOf(query)) {
    if (name === 'model') result.models = value;
    else if (name === 'status') result.status = readStatus(value);
    else if (name === 'error_type') result.errorType = value;
    else if (name === 'limit') result.limit = readLimit(value);
    else if (name === 'cursor') result.cursor = parseCursor(value, ID);
    else if (name.startsWith('metadata.')) result.metadata[name.slice('metadata.'.length)] = value;
    else throw unknownParameter(name);
  }
  return result;
}

function readStatus(text: string): JobStatus {
  if (isJobStatus(text)) return text;
  throw invalidParameter('status', `must be one of ${STATUSES.join(', ')}`);
}
