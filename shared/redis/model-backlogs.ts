import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { QUEUE_NAME } from './work-queue.ts';

/** How much of a model waits and runs. `oldest_wait` is in seconds, null where nothing waits. */
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
      const [depth, running, next, paused] = await Promise.all([
        redis.hget(`${prefix}state`, '*'),
        redis.llen(`${prefix}${QUEUE_NAME}:active`),
        redis.zrange(`${prefix}${QUEUE_NAME}:prioritized`, '0', '0'),
        redis.hexists(`${prefix}${QUEUE_NAME}:meta`, 'paused'),
      ]);
      return {
        backlog: Number(depth ?? 0),
        running,
        oldest_wait: await waitOf(redis, prefix, next[0]),
        paused: paused === 1,
      };
    },
  };
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
