import { once } from 'node:events';
import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, FAIL_FAST, untilReady } from '../../shared/redis/connection.ts';
import { createJobWorld } from '../support/job-world.ts';

test('a connection to what is master no more is made anew, however many submissions come at once', async (t) => {
  const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
  const connection = connect(redis.url, FAIL_FAST);
  connection.on('error', () => undefined);
  t.teardown(async () => {
    connection.disconnect();
    await redis.stop();
  });
  await untilReady(connection);
  const world = createJobWorld(connection);
  t.is((await world.submit()).admission.kind, 'queued');
  // Nobody listens there.
  await connection.call('replicaof', '127.0.0.1', '1');
  const left = once(connection, 'close', { signal: AbortSignal.timeout(5000) });
  const refused = await Promise.allSettled([world.submit(), world.submit(), world.submit()]);
  for (const one of refused) t.regex(String(one.status === 'rejected' && one.reason), /READONLY/);
  await t.notThrowsAsync(left);
});
