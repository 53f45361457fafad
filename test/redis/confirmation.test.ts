import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import type { RunningRedis } from '../../cli/local/redis-server.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { InferqError } from '../../shared/errors.ts';
import { createConfirmation, type Confirmation } from '../../shared/redis/confirmation.ts';
import { connect, FAIL_FAST, untilReady, type RedisConnection } from '../../shared/redis/connection.ts';
import { until } from '../support/until.ts';

const KEY = 'inferq:{m}:job';

test('what is confirmed is on the replica', async (t) => {
  const { redis, replica, follower } = await startPair(t);
  const { confirm } = createConfirmation(redis, 1);
  for (let at = 0; at < 200; at++) {
    await confirmed(confirm, KEY, () => redis.set(KEY, at));
    t.is(await replica.get(KEY), String(at));
  }
  process.kill(follower.pid, 'SIGSTOP');
  const begun = performance.now();
  await t.throwsAsync(
    confirm(KEY, () => redis.set(KEY, 'lost'), written),
    { code: 'not_confirmed' },
  );
  t.true(performance.now() - begun < 900, `${performance.now() - begun} ms`);
  process.kill(follower.pid, 'SIGCONT');
});

test('as long as replicas lag, nothing is written and nobody waits; then it goes on by itself', async (t) => {
  const { redis, follower } = await startPair(t);
  const { confirm } = createConfirmation(redis, 1);
  process.kill(follower.pid, 'SIGSTOP');
  await t.throwsAsync(confirm(KEY, () => redis.set(KEY, 'a'), written));
  const begun = performance.now();
  for (let at = 0; at < 20; at++)
    await t.throwsAsync(
      confirm(KEY, () => redis.set(KEY, 'b'), written),
      { code: 'not_confirmed' },
    );
  t.true(performance.now() - begun < 300, `${performance.now() - begun} ms`);
  t.is(await redis.get(KEY), 'a');
  process.kill(follower.pid, 'SIGCONT');
  await confirmed(confirm, KEY, () => redis.set(KEY, 'c'));
  t.is(await redis.get(KEY), 'c');
});

test('a node that does not answer is not waited for, and nothing is done', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('It does not listen');
  const redis = new Redis(address.port, '127.0.0.1', { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  t.teardown(() => {
    redis.disconnect();
    server.close();
  });
  const { confirm } = createConfirmation(redis, 1);
  // By the order of timers: on a busy machine all of them are late.
  const late = sleep(900, 'late');
  const refused = t.throwsAsync(
    confirm(
      KEY,
      async () => t.fail('It was written'),
      () => 'written',
    ),
    { code: 'not_confirmed' },
  );
  t.not(await Promise.race([refused, late]), 'late');
  await refused;
});

test('many that come at once share a WAIT', async (t) => {
  const { redis } = await startPair(t);
  const { confirm } = createConfirmation(redis, 1);
  await redis.config('RESETSTAT');
  await Promise.all(
    Array.from({ length: 500 }, (_, at) => confirmed(confirm, KEY, () => redis.set(`${KEY}${at}`, at))),
  );
  const stats = await redis.info('commandstats');
  const waits = Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1]);
  t.log(`${waits} WAITs for 500 writes`);
  t.true(waits >= 1 && waits <= 20, `${waits}`);
});

test('what others wrote is confirmed too, though a WAIT speaks for its own connection alone', async (t) => {
  const { redis, master, follower } = await startPair(t);
  const other = client(t, master);
  const { confirm } = createConfirmation(redis, 1);
  process.kill(follower.pid, 'SIGSTOP');
  t.teardown(() => process.kill(follower.pid, 'SIGCONT'));
  await other.set(KEY, 'of another');
  t.is(await redis.wait(1, 100), 1, 'a plain WAIT says that all is well');
  await t.throwsAsync(
    confirm(
      KEY,
      () => redis.get(KEY),
      () => 'seen',
    ),
    { code: 'not_confirmed' },
  );
});

test('a connection that was made anew between write and WAIT confirms nothing', async (t) => {
  const { redis } = await startPair(t);
  const { confirm } = createConfirmation(redis, 1);
  const severed = confirm(
    KEY,
    async () => {
      await redis.set(KEY, 'a');
      const again = new Promise((resolve) => redis.once('ready', resolve));
      redis.disconnect(true);
      await again;
    },
    written,
  );
  await t.throwsAsync(severed, { code: 'not_confirmed' });
  await confirmed(confirm, KEY, () => redis.set(KEY, 'b'));
  t.pass('and the next one is confirmed');
});

test('nothing is waited for where nothing was written', async (t) => {
  const { redis, follower } = await startPair(t);
  const { confirm } = createConfirmation(redis, 1);
  process.kill(follower.pid, 'SIGSTOP');
  t.teardown(() => process.kill(follower.pid, 'SIGCONT'));
  const refused = await confirm(
    KEY,
    async () => 'full',
    () => 'nothing',
  );
  t.is(refused, 'full');
});

const written = () => 'written' as const;

/** Repeats what was not confirmed, as a client does: on a busy machine a replica may be late. */
async function confirmed(
  confirm: Confirmation['confirm'],
  key: string,
  work: () => Promise<unknown>,
): Promise<void> {
  await until(() =>
    confirm(key, work, written).then(
      () => true,
      (error: unknown) => {
        if (error instanceof InferqError && error.code === 'not_confirmed') return false;
        throw error;
      },
    ),
  );
}

/** A master with one replica, and a connection to it as the API has. */
async function startPair(t: ExecutionContext): Promise<{
  redis: RedisConnection & Redis;
  replica: Redis;
  master: RunningRedis;
  follower: RunningRedis;
}> {
  const settings = { appendonly: 'no' };
  const [master, follower] = await Promise.all([
    startTemporaryRedis({ settings }),
    startTemporaryRedis({ settings }),
  ]);
  t.teardown(() => Promise.all([master.stop(), follower.stop()]));
  const replica = client(t, follower);
  await replica.replicaof('127.0.0.1', master.port);
  const redis = connect(master.url, FAIL_FAST);
  if (!(redis instanceof Redis)) throw new TypeError('Not a single Redis');
  redis.on('error', () => undefined);
  t.teardown(() => redis.disconnect());
  await untilReady(redis);
  await until(async () => (await replica.info('replication')).includes('master_link_status:up'));
  await until(async () => (await redis.info('replication')).includes('state=online'));
  return { redis, replica, master, follower };
}

function client(t: ExecutionContext, { url }: RunningRedis): Redis {
  const made = new Redis(url);
  t.teardown(() => made.disconnect());
  return made;
}
