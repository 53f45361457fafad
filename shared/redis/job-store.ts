import { HANDICAPS, share } from '../fair-share.ts';
import type {
  Admission,
  JobStore,
  Leaving,
  Outcome,
  Retrial,
  Settlement,
  StartedRun,
  Submission,
} from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { codeOfJob, keyPrefix, ownerOfRun } from './keys.ts';
import { readJob } from './job-reader.ts';
import { Reply } from './reply.ts';
import { createScripts } from './scripts.ts';

/** The job store on Redis. Its promises fail with ioredis' own errors while Redis cannot be reached. */
export function createJobStore(redis: RedisConnection): JobStore {
  const run = createScripts(redis);
  const call = async (script: string, id: string, key: string, ...args: (string | number)[]) => {
    const prefix = prefixOf(id);
    return new Reply(await run(script, prefix + key, prefix, ...args));
  };

  return {
    async admit(submission) {
      return parseAdmission(
        await call('admit', submission.id, `job:${submission.id}`, ...admitArguments(submission)),
      );
    },
    async start(id, worker) {
      return parseStart(id, await call('start', id, `run:${id}`, id, worker));
    },
    async settle(id, token, outcome) {
      return parseSettlement(await call('settle', id, `run:${id}`, id, token, ...settleArguments(outcome)));
    },
    async leave(id, reason) {
      return parseLeaving(await call('leave', id, `job:${id}`, id, reason));
    },
    async retry({ id, spec }, { queue, cost }) {
      const { priority, weight, ttl } = spec;
      const bounds = [queue.max_depth, queue.max_depth_per_tenant];
      const args = [id, priority, HANDICAPS[priority], share(weight, cost), ...bounds, milliseconds(ttl)];
      return parseRetrial(await call('retry', id, `job:${id}`, ...args));
    },
    async append(id, token, events) {
      const pairs = events.flatMap(({ kind, data }) => [kind, data]);
      const reply = await run('append', `${prefixOf(id)}run:${id}`, prefixOf(id), id, token, ...pairs);
      return reply === 1;
    },
    read: (id, include) => readJob(redis, id, include),
  };
}

/** The prefix of the keys of a job or run, from its id alone. */
export function prefixOf(id: string): string {
  const code = codeOfJob(ownerOfRun(id));
  if (!code) throw new TypeError(`${id} is not the id of a job`);
  return keyPrefix(code);
}

function milliseconds(seconds: number | undefined): number {
  return Math.round((seconds ?? 0) * 1000);
}

function admitArguments({
  id,
  tenant,
  model,
  spec,
  input,
  cacheKey,
  waiter,
}: Submission): (string | number)[] {
  return [
    id,
    tenant,
    model.name,
    model.version,
    JSON.stringify(spec),
    input,
    cacheKey ?? '',
    spec.mode,
    milliseconds(spec.ttl === undefined ? undefined : spec.ttl + (spec.delay ?? 0)),
    milliseconds(spec.delay),
    spec.priority,
    HANDICAPS[spec.priority],
    share(spec.weight, model.cost),
    model.queue.max_depth,
    model.queue.max_depth_per_tenant,
    milliseconds(model.retention),
    spec.webhook?.events.join(',') ?? '',
    waiter ?? '',
  ];
}

function parseAdmission(reply: Reply): Admission {
  const kind = reply.text(0);
  switch (kind) {
    case 'exists':
      return { kind };
    case 'hit':
      return { kind, createdAt: reply.number(1), output: reply.text(2) };
    case 'joined':
      return { kind, createdAt: reply.number(1), run: reply.text(2), status: reply.status(3) };
    case 'queued':
      return {
        kind,
        createdAt: reply.number(1),
        priority: reply.number(2),
        position: reply.number(3),
        rate: reply.number(4),
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

function parseStart(run: string, reply: Reply): StartedRun | undefined {
  if (reply.text(0) === 'ended') return undefined;
  return {
    run,
    token: reply.number(1),
    startedAt: reply.number(2),
    jobId: reply.text(3),
    spec: JSON.parse(reply.text(4)),
    input: reply.text(5),
    tenant: reply.text(6),
    model: reply.text(7),
    version: reply.text(8),
    attempt: reply.number(9) + 1,
    spent: reply.number(10),
    waitedMs: reply.number(11),
  };
}

function settleArguments(outcome: Outcome): (string | number)[] {
  const { kind, attempt } = outcome;
  const output = kind === 'succeeded' ? outcome.output : '';
  const error = kind === 'failed' || kind === 'handover' ? outcome.error : '';
  const cacheTtl = kind === 'succeeded' ? Math.round(outcome.cacheTtlMs) : 0;
  return [kind, output, error, attempt, cacheTtl, kind === 'putback' && outcome.counts ? 1 : 0];
}

function parseSettlement(reply: Reply): Settlement {
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

function parseLeaving(reply: Reply): Leaving {
  const kind = reply.text(0);
  if (kind === 'missing' || kind === 'not due') return { kind };
  if (kind === 'ended') return { kind, status: reply.status(1) };
  return { kind: 'left', run: reply.text(1), abandoned: reply.number(2) === 1, was: reply.status(3) };
}

function parseRetrial(reply: Reply): Retrial {
  const kind = reply.text(0);
  if (kind === 'missing' || kind === 'removed') return { kind };
  if (kind === 'refused') return { kind, status: reply.status(1) };
  if (kind === 'queued') return { kind, run: reply.text(1), priority: reply.number(2) };
  return parseFull(reply);
}
