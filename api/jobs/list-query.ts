import { InferqError } from '../../shared/errors.ts';
import { isJobStatus, STATUSES, type JobStatus } from '../../shared/job-status.ts';
import type { Place } from '../../shared/redis/newest-first.ts';

const LIMIT = { default: 20, most: 100 };

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
  for (const [name, value] of query) {
    if (name === 'model') result.models = value;
    else if (name === 'status') result.status = readStatus(value);
    else if (name === 'error_type') result.errorType = value;
    else if (name === 'limit') result.limit = readLimit(value);
    else if (name === 'cursor') result.cursor = parseCursor(value);
    else if (name.startsWith('metadata.')) result.metadata[name.slice('metadata.'.length)] = value;
    else throw invalid(name, 'is not a parameter of this list');
  }
  return result;
}

export function formatCursor({ createdAt, id }: Place): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url');
}

function parseCursor(text: string): Place {
  const [, createdAt, id] =
    /^(\d{1,15})\.(job_[0-9a-z]+)$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (!createdAt || !id) throw invalid('cursor', 'is not one that this list has given out');
  return { createdAt: Number(createdAt), id };
}

function readStatus(text: string): JobStatus {
  if (isJobStatus(text)) return text;
  throw invalid('status', `must be one of ${STATUSES.join(', ')}`);
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= LIMIT.most) return limit;
  throw invalid('limit', `must be a whole number from 1 to ${LIMIT.most}`);
}

function invalid(name: string, problem: string): InferqError {
  const detail = `${name.slice(0, 80)} ${problem}.`;
  return new InferqError('invalid_request', detail, {
    errors: [{ pointer: `?${name.slice(0, 80)}`, detail }],
  });
}
