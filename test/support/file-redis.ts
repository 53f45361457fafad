import type { TestFn } from 'ava';
import { Redis } from 'ioredis';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { PATIENT } from '../../shared/redis/connection.ts';

/** A connection to a Redis that the tests of a file share, and that ends with them. It keeps nothing on disk. */
export async function startFileRedis(test: TestFn): Promise<Redis> {
  const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
  const connection = new Redis(redis.url, PATIENT);
  test.after.always(async () => {
    await connection.quit();
    await redis.stop();
  });
  return connection;
}
