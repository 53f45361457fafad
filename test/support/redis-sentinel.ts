import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { debianCache } from '../../cli/local/clone.ts';
import { startLogged } from '../../cli/local/logged-process.ts';
import { freePort } from '../../cli/local/ports.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import { endWithUs } from '../../cli/local/shared-fate.ts';
import type { RunningRedis } from '../../cli/local/redis-server.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { until } from './until.ts';

const NAME = 'inferq';
const SENTINELS = 3;
const AGREES_WITHIN_MS = 30_000;

export interface SentinelOptions {
  replicas?: number;
  settings?: Readonly<Record<string, string>>;
  /** After how long without a sign of life a master is thought dead. */
  downAfterMs?: number;
}

export interface RunningSentinels {
  /** A REDIS_URL. */
  url: string;
  nodes: readonly RunningRedis[];
  /** The node that the sentinels name as the master now. */
  master(): Promise<RunningRedis>;
  stop(): Promise<void>;
}

/** A master, its replicas and three sentinels on this machine, each a process of its own. */
export async function startRedisSentinel({
  replicas = 2,
  settings = {},
  downAfterMs = 1000,
}: SentinelOptions = {}): Promise<RunningSentinels> {
  const nodes = await Promise.all(
    Array.from({ length: replicas + 1 }, () => startTemporaryRedis({ settings })),
  );
  const [first, ...others] = nodes;
  if (!first) throw new TypeError('No node was started');
  await Promise.all(others.map(({ url }) => follow(url, first)));
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, () => startSentinel(first.port, downAfterMs)),
  );
  const clients = sentinels.map(({ port }) => new Redis(port, { maxRetriesPerRequest: null }));
  await until(async () => {
    const known = await Promise.all(clients.map((client) => knownTo(client)));
    return known.every(
      (count) => count.slaves === replicas && count.sentinels === SENTINELS - 1 && count.linked === replicas,
    );
  }, AGREES_WITHIN_MS);
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    nodes,
    async master() {
      const answer: unknown = await clients[0]?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
      const port = Array.isArray(answer) ? Number(answer[1]) : 0;
      const node = nodes.find((node) => node.port === port);
      if (!node) throw new Error(`The sentinels name no node of ours: ${JSON.stringify(answer)}`);
      return node;
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await Promise.all([...sentinels, ...nodes].map((process) => process.stop()));
    },
  };
}

async function follow(url: string, master: RunningRedis): Promise<void> {
  const client = new Redis(url);
  await client.replicaof('127.0.0.1', master.port);
  client.disconnect();
}

async function knownTo(
  client: Redis,
): Promise<{ slaves: number | undefined; sentinels: number; linked: number }> {
  const list = async (what: string): Promise<string[]> => {
    const answer: unknown = await client.call('SENTINEL', what, NAME);
    return Array.isArray(answer) ? answer.map((entry) => JSON.stringify(entry)) : [];
  };
  const [replicas, sentinels] = await Promise.all([list('REPLICAS'), list('SENTINELS')]);
  return {
    slaves: replicas.length,
    sentinels: sentinels.length,
    linked: replicas.filter((entry) => entry.includes('"master-link-status","ok"')).length,
  };
}

async function startSentinel(
  masterPort: number,
  downAfterMs: number,
): Promise<{ port: number; stop(): Promise<void> }> {
  const { command, env } = await findRedis({ cache: debianCache() });
  const dir = await mkdtemp(path.join(tmpdir(), 'inferq-sentinel-'));
  const port = await freePort();
  const file = path.join(dir, 'sentinel.conf');
  const lines = [
    `bind 127.0.0.1`,
    `port ${port}`,
    `dir ${dir}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${NAME} 10000`,
    `sentinel parallel-syncs ${NAME} 2`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const { child, exited } = startLogged(command, [file, '--sentinel'], {
    env: { ...process.env, ...env },
    log: path.join(dir, 'sentinel.log'),
  });
  if (child.pid !== undefined) endWithUs(child.pid, exited);
  return {
    port,
    async stop() {
      child.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
