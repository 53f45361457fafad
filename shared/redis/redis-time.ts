import type { RedisConnection } from './connection.ts';

/** Epoch ms by the clock that all processes share. */
export async function redisTime(redis: RedisConnection): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
