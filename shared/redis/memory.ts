import { Cluster } from 'ioredis';
import type { RedisConnection } from './connection.ts';

/** Bytes that Redis uses, and may use; `limit` is 0 where there is none. */
export interface RedisMemory {
  used: number;
  limit: number;
}

/** Undefined on a cluster, whose shards fill each by itself. */
export async function readMemory(redis: RedisConnection): Promise<RedisMemory | undefined> {
  if (redis instanceof Cluster) return undefined;
  const info = await redis.info('memory');
  const read = (field: string): number => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { used: read('used_memory'), limit: read('maxmemory') };
}
