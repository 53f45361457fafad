import type { Job } from '../job.ts';
import { isJobStatus } from '../job-status.ts';
import type { StoredJob } from '../stored-job.ts';

type Fields = Record<string, string>;

/** Reads the hash of a record; undefined where it is none. What lives under other keys is left empty. */
export function parseRecord(id: string, fields: Fields): StoredJob | undefined {
  const { tenant, model, version, status, run, spec, created, cache } = fields;
  if (!tenant || !model || !version || !run || !spec || !isJobStatus(status)) return undefined;
  return {
    id,
    tenant,
    model,
    version,
    status,
    cache: parseCache(cache),
    run,
    spec: JSON.parse(spec),
    createdAt: Number(created),
    queuedAt: Number(fields['queued'] ?? created),
    startedAt: optionalNumber(fields['started']),
    endedAt: optionalNumber(fields['ended']),
    expiresAt: optionalNumber(fields['deadline']),
    attempts: Number(fields['attempts'] ?? 0),
    retries: Number(fields['retries'] ?? 0),
    revision: Number(fields['rev']),
    error: fields['error'] ? JSON.parse(fields['error']) : null,
    progress: null,
    queue: null,
    output: null,
    dataRemoved: false,
    ...(fields['history'] ? { history: fields['history'] } : {}),
  };
}

function optionalNumber(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function parseCache(text: string | undefined): Job['cache'] {
  return text === 'hit' || text === 'coalesced' || text === 'bypass' ? text : 'miss';
}
