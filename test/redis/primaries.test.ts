import test from 'ava';
import { Cluster, Redis } from 'ioredis';
import { keyOn, neighbourOf, primariesOf, primaryOf } from '../../shared/redis/primaries.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';

test('of a cluster each key has the connection over which it can be written, and its neighbours have the same', async (t) => {
  const cluster = await startRedisCluster();
  t.teardown(cluster.stop);
  const redis = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  t.teardown(() => redis.disconnect());
  await redis.set('inferq:first', '');
  t.is(primariesOf(redis).length, 3);
  for (const key of ['inferq:a', 'inferq:{b}:job:1', 'inferq:idempotency:xyz', 'inferq:{c}:d']) {
    const primary = primaryOf(redis, key);
    t.is(await primary?.set(key, ''), 'OK', key);
    t.is(await primary?.set(neighbourOf(key, 'mark'), ''), 'OK', key);
  }
  for (const primary of primariesOf(redis)) t.is(await primary.set(keyOn(redis, primary), ''), 'OK');
});

test('a single Redis has all keys', (t) => {
  const redis = new Redis({ lazyConnect: true });
  t.is(primaryOf(redis, 'any'), redis);
  t.deepEqual(primariesOf(redis), [redis]);
  t.is(keyOn(redis, redis), 'inferq:0');
});
