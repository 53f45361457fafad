import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, FAIL_FAST, untilReady } from '../../shared/redis/connection.ts';
import { isRedisTrouble } from '../../shared/redis/trouble.ts';
import { createClaimWorld } from '../conformance/claim-world.ts';

async function startWorld(t: ExecutionContext) {
  const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
  const connection = connect(redis.url, FAIL_FAST);
  connection.on('error', () => undefined);
  const world = createClaimWorld(connection);
  t.teardown(async () => {
    await world.bull.close().catch(() => undefined);
    connection.disconnect();
    await redis.stop();
  });
  await untilReady(connection);
  return { connection, ...world };
}

const refusals = (settled: readonly PromiseSettledResult<unknown>[]): unknown[] =>
  settled.map((one) => (one.status === 'rejected' ? one.reason : 'no refusal'));

test('a connection to what is master no more is made anew, however many submissions come at once', async (t) => {
  const { connection, world } = await startWorld(t);
  const { id } = await world.submit({ mode: 'bypass' });
  // Nobody listens there.
  await connection.call('replicaof', '127.0.0.1', '1');
  const left = once(connection, 'close', { signal: AbortSignal.timeout(5000) });
  // One of them has nothing to write.
  const again = world.submit({ id });
  for (const reason of refusals(await Promise.allSettled([again, world.submit(), world.submit()]))) {
    t.true(isRedisTrouble(reason), String(reason));
    t.regex(String(reason), /READONLY/);
  }
  await t.notThrowsAsync(left);
});

test('so it is for runs that end at once', async (t) => {
  const { connection, bull, takeAll, finish } = await startWorld(t);
  for (let at = 0; at < 3; at++) await bull.submit();
  const claims = await takeAll(3);
  await connection.call('replicaof', '127.0.0.1', '1');
  const left = once(connection, 'close', { signal: AbortSignal.timeout(5000) });
  const ends = await Promise.allSettled(claims.map((claim) => finish(claim)));
  for (const reason of refusals(ends)) t.regex(String(reason), /READONLY/);
  await t.notThrowsAsync(left);
});

test('of a Redis that is full each submission of a turn is told so', async (t) => {
  const { connection, world } = await startWorld(t);
  await world.submit();
  await connection.config('SET', 'maxmemory', '1');
  const settled = await Promise.allSettled([world.submit(), world.submit()]);
  for (const reason of refusals(settled)) {
    t.true(isRedisTrouble(reason), String(reason));
    t.regex(String(reason), /OOM/);
  }
});
