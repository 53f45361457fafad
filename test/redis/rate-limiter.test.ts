import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createRateLimiter } from '../../shared/redis/rate-limiter.ts';

test('a tenant keeps what is left when the clock of Redis is set back', async (t) => {
  const server = await startTemporaryRedis();
  t.teardown(server.stop);
  const redis = connect(server.url, PATIENT);
  t.teardown(() => redis.disconnect());
  const limiter = createRateLimiter(redis);
  const rate = { limit: 100, window: 86_400 };
  t.like(await limiter.take('acme', rate), { granted: true, left: 99 });
  await redis.hset('inferq:rate:acme', 'at', Date.now() + 86_400_000);
  t.like(await limiter.take('acme', rate), { granted: true, left: 98 });
  t.like(await limiter.take('acme', rate), { granted: true, left: 97 });
});
