import { modelCode } from './keys.ts';
import type { RedisConnection } from './connection.ts';

const KEY = 'inferq:models-known';

/**
 * The codes of all models that a role ever knew, with their names: jobs outlive their model's place in the files, and
 * still have to end, to be listed, to be paid and to be told of.
 */
export interface KnownCodes {
  /** Those that are known already cost no write. */
  add(models: readonly { name: string }[]): Promise<void>;
  list(): Promise<string[]>;
  names(): Promise<Map<string, string>>;
}

export function createKnownCodes(redis: RedisConnection): KnownCodes {
  return {
    async add(models) {
      const names = new Map(models.map(({ name }) => [modelCode(name), name]));
      for (const code of await redis.hkeys(KEY)) names.delete(code);
      if (names.size > 0) await redis.hset(KEY, names);
    },
    list: () => redis.hkeys(KEY),
    names: async () => new Map(Object.entries(await redis.hgetall(KEY))),
  };
}
