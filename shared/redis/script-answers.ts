import type { Admission, Leaving, Retrial, Settlement, StartedRun } from '../ports.ts';
import type { StoredJob } from '../stored-job.ts';
import { fromField } from '../text.ts';
import { estimate } from './queue-place.ts';
import { parseRecord, parseSpec } from './record.ts';
import type { Reply } from './reply.ts';

// What the scripts answer, as the head of each describes it.

export function parseAdmission(reply: Reply): Admission {
  const kind = reply.text(0);
  switch (kind) {
    case 'exists':
    case 'not cached':
      return { kind };
    case 'hit':
      return {
        kind,
        createdAt: reply.number(1),
        run: reply.text(2),
        output: fromField(reply.text(3)),
      };
    case 'joined':
      return { kind, createdAt: reply.number(1), run: reply.text(2), status: reply.status(3) };
    case 'queued':
      return {
        kind,
        createdAt: reply.number(1),
        priority: reply.number(2),
        position: reply.number(3),
        rate: reply.number(4),
        handedOver: reply.number(5) === 1,
      };
    case 'late':
      return { kind, position: reply.number(1), rate: reply.number(2) };
    default:
      return parseFull(reply);
  }
}

function parseFull(reply: Reply): Extract<Admission, { kind: 'full' }> {
  return {
    kind: 'full',
    of: reply.text(1) === 'tenant' ? 'tenant' : 'model',
    depth: reply.number(2),
    rate: reply.number(3),
  };
}

export function parseStart(run: string, reply: Reply): StartedRun | 'alone' | undefined {
  const kind = reply.text(0);
  if (kind === 'ended') return undefined;
  if (kind === 'alone') return kind;
  const { model, version, ...spec } = parseSpec(reply.text(4));
  return {
    run,
    token: reply.number(1),
    startedAt: reply.number(2),
    jobId: reply.text(3),
    spec,
    input: fromField(reply.text(5)),
    tenant: reply.text(6),
    model,
    version,
    attempt: reply.number(7) + 1,
    spent: reply.number(8),
    waitedMs: reply.number(9),
    lost: reply.text(10) === '' ? undefined : { startedAt: reply.number(10), worker: reply.text(11) },
    givenUp: reply.number(12) === 1,
    told: reply.texts(13),
  };
}

export function parseSettlement(reply: Reply): Settlement {
  const kind = reply.text(0);
  switch (kind) {
    case 'stale':
    case 'queued':
      return { kind };
    case 'handover':
      return { kind, run: reply.text(1), priority: reply.number(2), owed: reply.texts(3) };
    default:
      return { kind: 'settled', owed: reply.texts(1) };
  }
}

export function parseLeaving(id: string, reply: Reply): Leaving {
  const kind = reply.text(0);
  if (kind === 'missing' || kind === 'not due') return { kind };
  const jobAt = (index: number) => ({
    ...recordOf(id, reply, index),
    dataRemoved: reply.number(index + 1) === 1,
  });
  if (kind === 'ended') return { kind, job: jobAt(1) };
  return { kind: 'left', job: jobAt(3), abandoned: reply.number(1) === 1, was: reply.status(2) };
}

export function parseRetrial(id: string, reply: Reply): Retrial {
  const kind = reply.text(0);
  if (kind === 'missing' || kind === 'removed') return { kind };
  if (kind === 'refused') return { kind, status: reply.status(1) };
  if (kind === 'queued') {
    const position = reply.number(2);
    const queue = { position, eta: estimate(position, reply.number(3)) };
    return { kind, job: { ...recordOf(id, reply, 4), queue }, priority: reply.number(1) };
  }
  return parseFull(reply);
}

function recordOf(id: string, reply: Reply, index: number): StoredJob {
  const job = parseRecord(id, reply.hash(index));
  if (!job) throw new TypeError(`The script's answer has no record at ${index}`);
  return job;
}
