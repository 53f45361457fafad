import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { QUEUE_NAME } from './work-queue.ts';

/**
 * How much of a model waits and runs. `oldest_wait` is in seconds, null where nothing waits; of very many that wait in
 * several bands of priority it is that of the oldest among those that come first and last.
 */
export interface ModelBacklog {
  backlog: number;
  running: number;
  oldest_wait: number | null;
  paused: boolean;
}

export interface ModelBacklogs {
  of(code: string): Promise<ModelBacklog>;
  /** How many of the tenant's jobs wait for any of the models. */
  ofTenant(tenant: string, codes: readonly string[]): Promise<number>;
}

export function createModelBacklogs(redis: RedisConnection): ModelBacklogs {
  return {
    async ofTenant(tenant, codes) {
      const depths = await Promise.all(
        codes.map((code) => redis.hget(`${keyPrefix(code)}state`, `t:${tenant}`)),
      );
      return depths.reduce((sum, depth) => sum + Number(depth ?? 0), 0);
    },
    async of(code) {
      const prefix = keyPrefix(code);
      const waiting = `${prefix}${QUEUE_NAME}:prioritized`;
      const [depth, running, front, back, paused] = await Promise.all([
        redis.hget(`${prefix}state`, '*'),
        redis.llen(`${prefix}${QUEUE_NAME}:active`),
        redis.zrange(waiting, '0', String(LOOKED_AT - 1)),
        redis.zrange(waiting, String(-LOOKED_AT), '-1'),
        redis.hexists(`${prefix}${QUEUE_NAME}:meta`, 'paused'),
      ]);
      return {
        backlog: Number(depth ?? 0),
        running,
        oldest_wait: await waitOf(redis, prefix, oldestOf([...front, ...back])),
        paused: paused === 1,
      };
    },
  };
}

const LOOKED_AT = 100;

/** By the ids, which say when a job came; one that is run again came anew. */
function oldestOf(runs: readonly string[]): string | undefined {
  const fresh = runs.filter((run) => !run.includes('~'));
  return fresh.toSorted()[0] ?? runs[0];
}

async function waitOf(
  redis: RedisConnection,
  prefix: string,
  run: string | undefined,
): Promise<number | null> {
  if (run === undefined) return null;
  const since = await redis.hget(`${prefix}${QUEUE_NAME}:${run}`, 'timestamp');
  return since === null ? null : Math.max(0, Date.now() - Number(since)) / 1000;
}
