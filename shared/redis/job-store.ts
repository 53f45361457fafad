import { HANDICAPS, share } from '../fair-share.ts';
import type { JobStore, Outcome, Price, Submission } from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { codeOfJob, keyPrefix, ownerOfRun } from './keys.ts';
import { readJob } from './job-reader.ts';
import type { NearCache } from './near-cache.ts';
import { Reply } from './reply.ts';
import { parseAdmission, parseLeaving, parseRetrial, parseSettlement, parseStart } from './script-answers.ts';
import { createScripts } from './scripts.ts';
import { toField } from '../text.ts';

/**
 * The job store on Redis. Its promises fail with ioredis' own errors while Redis cannot be reached. Who answers from the
 * cache may have outputs near by.
 */
export function createJobStore(redis: RedisConnection, near?: NearCache): JobStore {
  const run = createScripts(redis);
  const call = async (script: string, id: string, key: string, ...args: (string | number)[]) => {
    const prefix = prefixOf(id);
    return new Reply(await run(script, prefix + key, prefix, ...args));
  };

  return {
    async admit(submission) {
      const { id, cacheKey } = submission;
      const known = cacheKey === undefined ? undefined : near?.find(cacheKey);
      const args = [...admitArguments(submission), known?.run ?? ''];
      const admission = parseAdmission(await call('admit', id, `job:${id}`, ...args), known?.output);
      if (near && cacheKey !== undefined && admission.kind === 'hit') {
        const { run, output } = admission;
        if (typeof output === 'string' && output !== known?.output) near.keep(cacheKey, { run, output });
      }
      return admission;
    },
    async start(id, worker) {
      const started = parseStart(id, await call('start', id, `run:${id}`, id, worker, 1));
      if (started === 'alone') throw new TypeError('The script did not see that the worker is alone');
      return started;
    },
    async startAmongOthers(id, worker) {
      return parseStart(id, await call('start', id, `run:${id}`, id, worker, 0));
    },
    async settle(id, token, outcome) {
      return parseSettlement(await call('settle', id, `run:${id}`, id, token, ...settleArguments(outcome)));
    },
    async leave(id, reason) {
      return parseLeaving(await call('leave', id, `job:${id}`, id, reason));
    },
    async retry({ id, spec }, { queue }, mostOfTenant = queue.max_depth_per_tenant, price = {}) {
      const { priority, weight, ttl } = spec;
      const bounds = [queue.max_depth, mostOfTenant];
      const place = [priority, share(weight)];
      const args = [id, ...place, ...bounds, milliseconds(ttl), ...priceArguments(price)];
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

/** 0 means none, so what is given is never rounded to it. */
function milliseconds(seconds: number | undefined): number {
  return seconds === undefined || seconds === 0 ? 0 : Math.max(1, Math.round(seconds * 1000));
}

function admitArguments(submission: Submission): (string | number)[] {
  const { id, tenant, model, spec, input, cacheKey = '', waiter, price = {}, handOver } = submission;
  const { mostOfTenant = model.queue.max_depth_per_tenant } = submission;
  return [
    id,
    tenant,
    factsOf(submission),
    JSON.stringify({ ...spec, model: model.name, version: model.version }),
    toField(input),
    cacheKey,
    spec.mode,
    milliseconds(spec.ttl === undefined ? undefined : spec.ttl + (spec.delay ?? 0)),
    milliseconds(spec.delay),
    spec.priority,
    HANDICAPS[spec.priority],
    share(spec.weight),
    model.queue.max_depth,
    mostOfTenant,
    milliseconds(model.retention),
    spec.webhook || price.account ? 1 : 0,
    waiter ?? '',
    ...priceArguments(price),
    price.onlyCached ? 1 : 0,
    handOver ? 1 : 0,
  ];
}

/**
 * What scripts want to know of a job for as long as it lives, as `scripts/lib/record.lua` reads it: retention in ms,
 * handicap, events of the webhook, cache key, tenant. The script puts the time of creation before it.
 */
function factsOf({ tenant, model, spec, cacheKey }: Submission): string {
  const shared = spec.mode === 'bypass' ? undefined : cacheKey;
  const events = spec.webhook?.events.join(',');
  return `${milliseconds(model.retention)} ${HANDICAPS[spec.priority]} ${events || '-'} ${shared ?? '-'} ${tenant}`;
}

function priceArguments({ cost, account }: Price): (string | number)[] {
  return [cost ?? '', account ?? ''];
}

/** As `settle-1.lua` has them, behind the token. */
export function settleArguments(outcome: Outcome): (string | number)[] {
  const { kind, attempt } = outcome;
  const output = kind === 'succeeded' ? toField(outcome.output) : '';
  const error = kind === 'failed' || kind === 'handover' ? outcome.error : '';
  const cacheTtl = kind === 'succeeded' ? Math.round(outcome.cacheTtlMs) : 0;
  return [kind, output, error, attempt, cacheTtl, kind === 'putback' && outcome.counts ? 1 : 0];
}
