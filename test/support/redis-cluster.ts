import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, somebodyListens } from '../../cli/local/ports.ts';
import type { RunningRedis } from '../../cli/local/redis-server.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { until } from './until.ts';

const SLOTS = 16_384;
/** Nodes talk to each other on a port that is so much higher, which must be a port too. */
const BUS_OFFSET = 10_000;
const HIGHEST_PORT = 65_535;
const AGREES_WITHIN_MS = 20_000;

export interface RunningCluster {
  /** A REDIS_URL. */
  url: string;
  nodes: readonly RunningRedis[];
  stop: () => Promise<void>;
}

const PRIMARIES = 3;

/**
 * A Redis Cluster of three primaries on this machine, each a process of its own. With replicas, these follow the
 * primaries among `nodes` in their order.
 */
export async function startRedisCluster(
  settings: Readonly<Record<string, string>> = {},
  { replicas = 0 } = {},
): Promise<RunningCluster> {
  const count = PRIMARIES * (1 + replicas);
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode(settings)));
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    await Promise.all(
      clients
        .slice(0, PRIMARIES)
        .map((client, index) => client.cluster('ADDSLOTS', ...slotsOf(index, PRIMARIES))),
    );
    for (const { port } of nodes.slice(1)) await clients[0]?.cluster('MEET', '127.0.0.1', port);
    await Promise.all(clients.map((client) => untilAgreed(client, nodes.length)));
    await Promise.all(clients.map((client, index) => follow(client, clients[index % PRIMARIES])));
  } finally {
    for (const client of clients) client.disconnect();
  }
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function follow(client: Redis, primary: Redis | undefined): Promise<void> {
  if (!primary || client === primary) return;
  await client.cluster('REPLICATE', await primary.cluster('MYID'));
  await until(async () => (await client.info('replication')).includes('master_link_status:up'));
}

async function startNode(settings: Readonly<Record<string, string>>): Promise<RunningRedis> {
  return startTemporaryRedis({
    port: await freeNodePort(),
    settings: { 'cluster-enabled': 'yes', 'cluster-node-timeout': '3000', ...settings },
  });
}

async function freeNodePort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const bus = port + BUS_OFFSET;
    if (bus <= HIGHEST_PORT && !(await somebodyListens(bus))) return port;
  }
}

function slotsOf(index: number, count: number): number[] {
  const first = Math.floor((index * SLOTS) / count);
  const end = Math.floor(((index + 1) * SLOTS) / count);
  return Array.from({ length: end - first }, (_, offset) => first + offset);
}

async function untilAgreed(client: Redis, size: number): Promise<void> {
  for (const end = Date.now() + AGREES_WITHIN_MS; Date.now() < end; await sleep(50)) {
    const info = await client.cluster('INFO');
    if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`)) return;
  }
  throw new Error(`The nodes of the cluster do not agree: ${await client.cluster('INFO')}`);
}
