import type { RedisConnection } from './connection.ts';

const EVERY_MS = 5000;

/**
 * Sends something now and then over a connection that only listens: one that is dead and says nothing is noticed by
 * the answer that does not come.
 */
export function keepAwake(redis: RedisConnection): void {
  // What fails here shows as an error of the connection.
  const beat = setInterval(() => void redis.ping().catch(() => undefined), EVERY_MS);
  beat.unref();
  redis.once('end', () => clearInterval(beat));
}
