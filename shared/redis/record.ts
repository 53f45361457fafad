import type { Job } from '../job.ts';
import { isJobStatus } from '../job-status.ts';
import type { StoredJob } from '../stored-job.ts';
import type { PastEnd } from '../webhooks/job-message.ts';

type Fields = Record<string, string>;

/** Reads the hash of a record; undefined where it is none. What lives under other keys is left empty. */
export function parseRecord(id: string, fields: Fields): StoredJob | undefined {
  const { tenant, model, version, status, run, spec, created } = fields;
  if (!tenant || !model || !version || !run || !spec || !isJobStatus(status)) return undefined;
  return {
    id,
    tenant,
    model,
    version,
    status,
    spec: JSON.parse(spec),
    createdAt: Number(created),
    expiresAt: optionalNumber(fields['deadline']),
    retries: Number(fields['retries'] ?? 0),
    revision: Number(fields['rev']),
    ...toEnd({ ...fields, run }),
    progress: null,
    queue: null,
    output: null,
    dataRemoved: false,
    ...(fields['history'] ? { history: fields['history'] } : {}),
  };
}

/** What is told of an end, out of the record's fields of that time. */
export function toEnd(fields: Fields): PastEnd {
  return {
    run: fields['run'] ?? '',
    cache: parseCache(fields['cache']),
    queuedAt: Number(fields['queued'] ?? fields['created']),
    startedAt: optionalNumber(fields['started']),
    endedAt: optionalNumber(fields['ended']),
    attempts: Number(fields['attempts'] ?? 0),
    error: fields['error'] ? JSON.parse(fields['error']) : null,
  };
}

function optionalNumber(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function parseCache(text: string | undefined): Job['cache'] {
  return text === 'hit' || text === 'coalesced' || text === 'bypass' ? text : 'miss';
}
