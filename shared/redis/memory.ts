import { Cluster } from 'ioredis';
import type { RedisConnection } from './connection.ts';
import { primariesOf } from './primaries.ts';

/** Bytes that Redis uses, and may use; `limit` is 0 where there is none. */
export interface RedisMemory {
  used: number;
  limit: number;
}

/** Undefined on a cluster, whose shards fill each by itself. */
export async function readMemory(redis: RedisConnection): Promise<RedisMemory | undefined> {
  return redis instanceof Cluster ? undefined : readNode(redis);
}

/** Of each that takes writes. */
export async function readMemories(redis: RedisConnection): Promise<RedisMemory[]> {
  return Promise.all(primariesOf(redis).map(readNode));
}

async function readNode(redis: Pick<RedisConnection, 'info'>): Promise<RedisMemory> {
  const info = await redis.info('memory');
  const read = (field: string): number => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  // The buffers of replicas and of the append-only file do not count against the limit.
  return { used: read('used_memory') - read('mem_not_counted_for_evict'), limit: read('maxmemory') };
}
