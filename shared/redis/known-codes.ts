import { modelCode } from './keys.ts';
import type { RedisConnection } from './connection.ts';

const KEY = 'inferq:models-known';

/**
 * The codes of all models that a role ever knew, with their names: jobs outlive their model's place in the files, and
 * still have to end, to be listed, to be paid and to be told of.
 */
export interface KnownCodes {
  add(models: readonly { name: string }[]): Promise<void>;
  list(): Promise<string[]>;
  names(): Promise<Map<string, string>>;
}

export function createKnownCodes(redis: RedisConnection): KnownCodes {
  return {
    async add(models) {
      const names = Object.fromEntries(models.map(({ name }) => [modelCode(name), name]));
      if (models.length > 0) await redis.hset(KEY, names);
    },
    list: () => redis.hkeys(KEY),
    names: async () => new Map(Object.entries(await redis.hgetall(KEY))),
  };
}
