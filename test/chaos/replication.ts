import { Redis } from 'ioredis';
import type { RunningRedis } from '../../cli/local/redis-server.ts';
import { until } from '../support/until.ts';

const USER = 'replication';

/** Gives the replicas a user of their own to follow their primaries by, so that they can be cut off alone. */
export async function nameReplication(nodes: readonly RunningRedis[], links: number): Promise<void> {
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    for (const client of clients) {
      await client.call('ACL', 'SETUSER', USER, 'on', '>secret', '+psync', '+replconf', '+ping');
      await client.config('SET', 'masteruser', USER);
      await client.config('SET', 'masterauth', 'secret');
    }
    for (const client of clients) await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
    await until(async () => {
      const infos = await Promise.all(clients.map((client) => client.info('replication')));
      return infos.filter((info) => info.includes('master_link_status:up')).length === links;
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/**
 * No replica gets anything from this primary any more, while clients do: as where the network between them fails.
 * That it refuses writes itself without a replica is switched off, or it would never come to an acknowledgement.
 */
export async function cutOff({ url }: RunningRedis): Promise<void> {
  const client = new Redis(url);
  await client.config('SET', 'min-replicas-to-write', '0');
  await client.call('ACL', 'SETUSER', USER, 'off');
  await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  client.disconnect();
}
