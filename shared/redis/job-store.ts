import { share } from '../fair-share.ts';
import type { JobStore } from '../ports.ts';
import { createAdmissions } from './admissions.ts';
import type { RedisConnection } from './connection.ts';
import { prefixOf } from './keys.ts';
import { readJob } from './job-reader.ts';
import type { NearCache } from './near-cache.ts';
import { Reply } from './reply.ts';
import { milliseconds, priceArguments, settleArguments } from './script-arguments.ts';
import { parseLeaving, parseRetrial, parseSettlement, parseStart } from './script-answers.ts';
import { createScripts } from './scripts.ts';

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
    admit: createAdmissions(run, near),
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
      return parseLeaving(id, await call('leave', id, `job:${id}`, id, reason));
    },
    async retry({ id, spec }, { queue }, mostOfTenant = queue.max_depth_per_tenant, price = {}) {
      const { priority, weight, ttl } = spec;
      const bounds = [queue.max_depth, mostOfTenant];
      const place = [priority, share(weight)];
      const args = [id, ...place, ...bounds, milliseconds(ttl), ...priceArguments(price)];
      return parseRetrial(id, await call('retry', id, `job:${id}`, ...args));
    },
    async append(id, token, events) {
      const pairs = events.flatMap(({ kind, data }) => [kind, data]);
      const reply = await run('append', `${prefixOf(id)}run:${id}`, prefixOf(id), id, token, ...pairs);
      return reply === 1;
    },
    read: (id, include) => readJob(redis, id, include),
  };
}
