import type { RedisConnection } from './connection.ts';

/** What a 202 waits for: nothing, or that Redis has it on disk. */
export const DURABILITIES = ['memory', 'fsync'] as const;
export type Durability = (typeof DURABILITIES)[number];

/**
 * The strongest that Redis offers: `fsync` where it writes each command to disk before it answers and never evicts.
 * A Redis that does not let its configuration be read is taken at its least.
 */
export async function readDurability(redis: RedisConnection): Promise<Durability> {
  try {
    const [aof, fsync, policy] = await Promise.all(
      ['appendonly', 'appendfsync', 'maxmemory-policy'].map((name) => readSetting(redis, name)),
    );
    return aof === 'yes' && fsync === 'always' && policy === 'noeviction' ? 'fsync' : 'memory';
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown command/i.test(error.message)) return 'memory';
    throw error;
  }
}

/** Why the durability that was asked for cannot be had, or undefined. */
export function durabilityFault(wanted: Durability | undefined, offered: Durability): string | undefined {
  if (wanted !== 'fsync' || offered === 'fsync') return undefined;
  return (
    'INFERQ_DURABILITY is fsync, but Redis does not offer it: ' +
    "set 'appendonly yes', 'appendfsync always' and 'maxmemory-policy noeviction' in its configuration."
  );
}

async function readSetting(redis: RedisConnection, name: string): Promise<string | undefined> {
  const answer: unknown = await redis.config('GET', name);
  if (Array.isArray(answer)) return String(answer[1]);
  const value: unknown = Object(answer)[name];
  return typeof value === 'string' ? value : undefined;
}
