import { primariesOf } from './primaries.ts';
import type { RedisConnection } from './connection.ts';

/**
 * What a 202 waits for: nothing; that the master has it on disk; that replicas have it too, as many as the master
 * wants, one at the least.
 */
export const DURABILITIES = ['memory', 'fsync', 'replicated'] as const;
export type Durability = (typeof DURABILITIES)[number];

/** What is promised. `replicas`: how many must have a write, for `replicated`; `onDisk`: the master has it there. */
export interface Guarantee {
  durability: Durability;
  replicas: number;
  onDisk: boolean;
}

/** What there is to promise by. A Redis that does not let its configuration be read is taken at its least. */
export interface Offer {
  /** It writes each command to disk before it answers, and never evicts. */
  onDisk: boolean;
  evicts: boolean;
  /** How many replicas it wants before it takes a write (`min-replicas-to-write`). */
  wanted: number;
  /** How many replicas are connected at this moment. */
  connected: number;
}

/** Of a cluster the weakest shard counts. */
export async function readOffer(redis: RedisConnection): Promise<Offer> {
  const offers = await Promise.all(primariesOf(redis).map(readOne));
  return {
    onDisk: offers.every(({ onDisk }) => onDisk),
    evicts: offers.some(({ evicts }) => evicts),
    wanted: Math.min(...offers.map(({ wanted }) => wanted)),
    connected: Math.min(...offers.map(({ connected }) => connected)),
  };
}

/**
 * What was asked for, or else the strongest that Redis is set to: `replicated` only where it takes no writes without
 * replicas, since what happens to be connected now says nothing of tomorrow.
 */
export function guaranteeFor(asked: Durability | undefined, { onDisk, wanted }: Offer): Guarantee {
  const durability = asked ?? (!onDisk ? 'memory' : wanted > 0 ? 'replicated' : 'fsync');
  return { durability, onDisk, replicas: durability === 'replicated' ? Math.max(1, wanted) : 0 };
}

/** Why the durability that was asked for cannot be had, or undefined. */
export function durabilityFault(asked: Durability | undefined, offer: Offer): string | undefined {
  if (asked === 'fsync' && !offer.onDisk)
    return unfit(asked, "'appendonly yes', 'appendfsync always' and 'maxmemory-policy noeviction'");
  if (asked !== 'replicated') return undefined;
  if (offer.evicts) return unfit(asked, "'maxmemory-policy noeviction'");
  if (offer.wanted > 0 || offer.connected > 0) return undefined;
  return `INFERQ_DURABILITY is replicated, but Redis has no replica: connect one, and set 'min-replicas-to-write 1'.`;
}

function unfit(asked: Durability, settings: string): string {
  return `INFERQ_DURABILITY is ${asked}, but Redis does not offer it: set ${settings} in its configuration.`;
}

/** For the log and `/readyz`. */
export function describeGuarantee({ durability, replicas, onDisk }: Guarantee): string {
  if (durability !== 'replicated') return durability;
  const many = `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
  return `replicated: on ${many}, ${onDisk ? 'and' : 'not'} on disk`;
}

async function readOne(redis: Pick<RedisConnection, 'config' | 'info'>): Promise<Offer> {
  const connected = connectedReplicas(await redis.info('replication'));
  try {
    const [aof, fsync, policy, least] = await Promise.all(
      ['appendonly', 'appendfsync', 'maxmemory-policy', 'min-replicas-to-write'].map((name) =>
        readSetting(redis, name),
      ),
    );
    const evicts = policy !== 'noeviction';
    const onDisk = aof === 'yes' && fsync === 'always' && !evicts;
    return { onDisk, evicts, wanted: Number(least ?? 0), connected };
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown command/i.test(error.message))
      return { onDisk: false, evicts: false, wanted: 0, connected };
    throw error;
  }
}

function connectedReplicas(info: string): number {
  return info.match(/^slave\d+:.*state=online/gm)?.length ?? 0;
}

async function readSetting(
  redis: Pick<RedisConnection, 'config'>,
  name: string,
): Promise<string | undefined> {
  const answer: unknown = await redis.config('GET', name);
  if (Array.isArray(answer)) return String(answer[1]);
  const value: unknown = Object(answer)[name];
  return typeof value === 'string' ? value : undefined;
}
