import { modelCode } from './keys.ts';
import type { RedisConnection } from './connection.ts';

const KEY = 'inferq:codes';

/**
 * The codes of all models that were ever served: jobs outlive their model's place in the files, and still have to
 * end, to be listed and to be told of.
 */
export interface KnownCodes {
  add(models: readonly { name: string }[]): Promise<void>;
  list(): Promise<string[]>;
}

export function createKnownCodes(redis: RedisConnection): KnownCodes {
  return {
    async add(models) {
      if (models.length > 0) await redis.sadd(KEY, ...new Set(models.map(({ name }) => modelCode(name))));
    },
    list: () => redis.smembers(KEY),
  };
}
