import { primariesOf } from './primaries.ts';
import type { RedisConnection } from './connection.ts';

/**
 * What a 202 waits for: nothing; that the master has it on disk; that besides so many replicas have it as the master
 * wants. Each holds what those before it hold.
 */
export const DURABILITIES = ['memory', 'fsync', 'replicated'] as const;
export type Durability = (typeof DURABILITIES)[number];

/** What Redis is set to. `replicas`: how many must have a write, for `replicated`. */
export interface Guarantee {
  durability: Durability;
  replicas: number;
}

const LEAST: Guarantee = { durability: 'memory', replicas: 0 };

/**
 * The strongest that Redis offers, by its settings alone: what happens to be connected now says nothing of tomorrow.
 * `fsync` where it writes each command to disk before it answers and never evicts; `replicated` where besides it takes
 * no writes without replicas (`min-replicas-to-write`). Of a cluster the weakest shard counts. A Redis that does not
 * let its configuration be read is taken at its least.
 */
export async function readGuarantee(redis: RedisConnection): Promise<Guarantee> {
  try {
    const offers = await Promise.all(primariesOf(redis).map(readOffer));
    return offers.toSorted(byStrength)[0] ?? LEAST;
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown command/i.test(error.message)) return LEAST;
    throw error;
  }
}

/** What is given where so much is offered: as much as that, or as was asked for. */
export function guaranteeFor(wanted: Durability | undefined, offered: Guarantee): Guarantee {
  const durability = wanted ?? offered.durability;
  return { durability, replicas: durability === 'replicated' ? offered.replicas : 0 };
}

/** Why the durability that was asked for cannot be had, or undefined. */
export function durabilityFault(wanted: Durability | undefined, offered: Guarantee): string | undefined {
  if (wanted === undefined || rank(wanted) <= rank(offered.durability)) return undefined;
  const fsync = "'appendonly yes', 'appendfsync always' and 'maxmemory-policy noeviction'";
  const settings = wanted === 'fsync' ? fsync : `${fsync}, and 'min-replicas-to-write 1' or more`;
  return `INFERQ_DURABILITY is ${wanted}, but Redis does not offer it: set ${settings} in its configuration.`;
}

/** For the log and `/readyz`. */
export function describeGuarantee({ durability, replicas }: Guarantee): string {
  if (durability !== 'replicated') return durability;
  return `replicated: on ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
}

async function readOffer(redis: Pick<RedisConnection, 'config'>): Promise<Guarantee> {
  const [aof, fsync, policy, least] = await Promise.all(
    ['appendonly', 'appendfsync', 'maxmemory-policy', 'min-replicas-to-write'].map((name) =>
      readSetting(redis, name),
    ),
  );
  if (aof !== 'yes' || fsync !== 'always' || policy !== 'noeviction') return LEAST;
  const replicas = Number(least ?? 0);
  return { durability: replicas > 0 ? 'replicated' : 'fsync', replicas };
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

function byStrength(one: Guarantee, other: Guarantee): number {
  return rank(one.durability) - rank(other.durability) || one.replicas - other.replicas;
}

function rank(durability: Durability): number {
  return DURABILITIES.indexOf(durability);
}
