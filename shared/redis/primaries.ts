import keySlot from 'cluster-key-slot';
import { Cluster, type Redis } from 'ioredis';
import type { RedisConnection } from './connection.ts';

/** The connections to all that take writes: one, or one a shard of a cluster. */
export function primariesOf(redis: RedisConnection): Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis];
}

/** The connection over which the key is written; undefined where the cluster does not know a node for it. */
export function primaryOf(redis: RedisConnection, key: string): Redis | undefined {
  if (!(redis instanceof Cluster)) return redis;
  const owner = redis.slots[keySlot(key)]?.[0];
  return redis.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === owner);
}

/** A key in the slot of another, for what has to be written beside it. */
export function neighbourOf(key: string, name: string): string {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  return `inferq:{${tag}}:${name}`;
}
