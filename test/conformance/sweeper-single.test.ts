import { randomBytes } from 'node:crypto';
import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { modelCode } from '../../shared/redis/keys.ts';
import { sweeping } from './suite/sweeping.ts';
import { unserved } from './suite/unserved.ts';
import { until } from '../support/until.ts';
import { createSweeperWorld } from './sweeper-world.ts';

const redis = await startTemporaryRedis();
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

sweeping(test, connection);
unserved(test, connection);

test('1,000 jobs past their ttl behind busy workers are all expired on time, and the model is not called', async (t) => {
  const { world, queue, sweeper, work } = createSweeperWorld(t, connection);
  const busy = await world.submit();
  await queue.add(busy.id, { priority: 1, delayMs: 0 });
  const calls: string[] = [];
  const released = Promise.withResolvers<void>();
  const worker = work(async ({ id = '' }) => {
    calls.push(id);
    await released.promise;
  });
  await until(async () => calls.length === 1);
  const ids = await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const { id, admission } = await world.submit({ ttl: 2 });
      await queue.add(id, { priority: admission.kind === 'queued' ? admission.priority : 1, delayMs: 0 });
      return id;
    }),
  );
  sweeper.start();
  await until(async () => (await connection.hget(`${world.prefix}state`, '*')) === '1');
  const jobs = await Promise.all(ids.map((id) => world.read(id)));
  t.deepEqual(new Set(jobs.map(({ status }) => status)), new Set(['expired']));
  const lateness = jobs
    .map(({ endedAt, expiresAt }) => (endedAt ?? 0) - (expiresAt ?? 0))
    .toSorted((a, b) => a - b);
  t.log(`late by ${lateness[500]} ms in the median, ${lateness.at(-1)} ms at most`);
  t.true((lateness[0] ?? -1) >= 0);
  t.true((lateness.at(-1) ?? Infinity) < 2000);
  t.deepEqual(calls, [busy.id]);
  await until(async () => (await connection.zcard(`${world.prefix}jobs:prioritized`)) === 0);
  await worker.pause(true);
  released.resolve();
});

// Serial: nothing else is counted.
test.serial('200 idle models cost a sweep one short command each', async (t) => {
  const { sweeperOf } = createSweeperWorld(t, connection);
  const codes = Array.from({ length: 200 }, () => modelCode(randomBytes(8).toString('hex')));
  const sweeper = sweeperOf(codes, 'idle');
  await sweeper.sweepOnce();
  const before = await commandsOf();
  const begun = performance.now();
  for (let at = 0; at < 10; at++) await sweeper.sweepOnce();
  const wall = (performance.now() - begun) / 10;
  const after = await commandsOf();
  const [calls, microseconds] = [
    (after.calls - before.calls) / 10,
    (after.microseconds - before.microseconds) / 10,
  ];
  t.log(`${calls} commands, ${microseconds} µs of Redis, ${wall.toFixed(1)} ms on the clock`);
  await sweeper.stop();
  t.true(calls < 210);
});

/** What all commands but INFO have cost so far. */
async function commandsOf(): Promise<{ calls: number; microseconds: number }> {
  const stats = await connection.info('commandstats');
  const found = [...stats.matchAll(/^cmdstat_(?!info)\S+:calls=(\d+),usec=(\d+)/gm)];
  return {
    calls: found.reduce((sum, [, calls]) => sum + Number(calls), 0),
    microseconds: found.reduce((sum, [, , usec]) => sum + Number(usec), 0),
  };
}
