import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { debianCache } from '../../cli/local/clone.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import { startRedis, type RunningRedis } from '../../cli/local/redis-server.ts';
import type { Scope } from '../support/scope.ts';

export interface RedisProgram {
  command: string;
  env: Readonly<Record<string, string>>;
}

/** A Redis that comes back under its port with what it has on disk. */
export interface KeptRedis {
  dir: string;
  url: string;
  port: number;
  /** The process of now. */
  process(): RunningRedis;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Again, or with another program: under a tracer, for instance. */
  start(program?: RedisProgram): Promise<void>;
}

export async function startKeptRedis(
  scope: Scope,
  settings: Readonly<Record<string, string>> = {},
): Promise<KeptRedis> {
  const dir = await mkdtemp(path.join(tmpdir(), 'inferq-chaos-redis-'));
  const own: RedisProgram = await findRedis({ cache: debianCache() });
  let redis = await startRedis({ ...own, dir, settings });
  scope.teardown(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const { port, url } = redis;
  return {
    dir,
    port,
    url,
    process: () => redis,
    kill: () => redis.kill(),
    async start({ command, env } = own) {
      redis = await startRedis({ command, env, dir, port, settings });
    },
  };
}
