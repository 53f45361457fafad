import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianCache } from './clone.ts';
import { findRedis } from './redis-binary.ts';
import { startRedis } from './redis-server.ts';
import type { RedisOptions, RunningRedis } from './redis-server.ts';

/**
 * A real Redis for one test, in a folder that goes with it:
 *
 *     const redis = await startTemporaryRedis();
 *     t.teardown(redis.stop);
 *
 * `settings` go into its `redis.conf` and win over the defaults. To have it back after `kill()` with the
 * data it had, use `startRedis` with a folder and a port of your own.
 */
export async function startTemporaryRedis(
  options: Pick<RedisOptions, 'port' | 'password' | 'settings'> = {},
): Promise<RunningRedis> {
  const { command, env } = await findRedis({ cache: debianCache() });
  const dir = await mkdtemp(join(tmpdir(), 'inferq-redis-'));
  const redis = await startRedis({ ...options, command, env, dir });
  const end = async (way: () => Promise<void>) => {
    await way();
    await rm(dir, { recursive: true, force: true });
  };
  return { ...redis, stop: () => end(redis.stop), kill: () => end(redis.kill) };
}
