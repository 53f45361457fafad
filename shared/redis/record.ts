import type { Job } from '../job.ts';
import { HANDICAPS } from '../fair-share.ts';
import { isJobStatus } from '../job-status.ts';
import type { Submission } from '../ports.ts';
import type { JobSpec, StoredJob } from '../stored-job.ts';
import type { PastEnd } from '../webhooks/job-message.ts';
import { milliseconds } from './script-arguments.ts';

type Fields = Record<string, string>;

/** Reads the hash of a record; undefined where it is none. What lives under other keys is left empty. */
export function parseRecord(id: string, fields: Fields): StoredJob | undefined {
  const facts = parseFacts(fields['facts']);
  if (!facts) return undefined;
  const { model, version, ...spec } = parseSpec(facts.spec);
  const { hit, run = id } = fields;
  const { created } = facts;
  const usual: Fields =
    hit === undefined ? { rev: '1' } : { rev: '2', cache: 'hit', ended: created, status: 'succeeded' };
  const all: Fields = { ...usual, ...fields, run, created };
  const { status } = all;
  if (!isJobStatus(status)) return undefined;
  return {
    id,
    tenant: facts.tenant,
    model,
    version,
    status,
    spec,
    createdAt: Number(created),
    expiresAt: optionalNumber(fields['deadline']),
    retries: Number(fields['retries'] ?? 0),
    revision: Number(all['rev']),
    ...toEnd(all),
    progress: null,
    queue: null,
    output: null,
    dataRemoved: false,
    ...(fields['history'] ? { history: fields['history'] } : {}),
  };
}

/** What a spec has as a rule is not written down. */
const USUAL = { mode: 'use', priority: 'normal', weight: 1 } as const;

/**
 * What never changes of a job, as `parseFacts` and `scripts/lib/record.lua` read it: retention in ms, handicap, events of
 * the webhook, the cache key where others may join it, spec, tenant. The scripts put the time of creation before it.
 */
export function toFacts({ tenant, model, spec }: Submission, cacheKey?: string): string {
  const { mode, priority, weight, ...rest } = spec;
  const events = spec.webhook?.events.join(',');
  const text = JSON.stringify({
    ...rest,
    mode: mode === USUAL.mode ? undefined : mode,
    priority: priority === USUAL.priority ? undefined : priority,
    weight: weight === USUAL.weight ? undefined : weight,
    model: model.name,
    version: model.version,
  });
  const place = `${milliseconds(model.retention)} ${HANDICAPS[spec.priority]}`;
  return `${place} ${events || '-'} ${cacheKey ?? '-'} ${text}\n${tenant}`;
}

/** What never changes of a job. */
export function parseFacts(
  facts: string | null | undefined,
): { created: string; events: string[]; spec: string; tenant: string } | undefined {
  const [, created, events, spec, tenant] =
    /^(\d+) \d+ \d+ (\S+) \S+ ([^\n]*)\n(.*)$/s.exec(facts ?? '') ?? [];
  if (created === undefined || events === undefined || spec === undefined || tenant === undefined)
    return undefined;
  return { created, events: events.split(','), spec, tenant };
}

/** The spec as it is kept, with what the job is for. Throws where it is no JSON. */
export function parseSpec(text: string): JobSpec & { model: string; version: string } {
  return { ...USUAL, ...JSON.parse(text) };
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
