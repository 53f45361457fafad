import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import keySlot from 'cluster-key-slot';
import { keyPrefix, modelCode } from '../../shared/redis/keys.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { startModel } from '../support/many-jobs.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { until } from '../support/until.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';

const REPLICATED = { settings: { 'min-replicas-to-write': '1', 'min-replicas-max-lag': '10' } };

test('no accepted job is lost when the master is killed behind whose replicas were cut off', async (t) => {
  const model = await startModel(t);
  const redis = await startRedisSentinel(REPLICATED);
  t.teardown(redis.stop);
  const master = await redis.master();
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { concurrency: 50 })],
    redis: { ...master, url: redis.url },
    env: { INFERQ_DURABILITY: 'replicated' },
  });
  t.like((await broker.request('/readyz')).body, {
    checks: { durability: 'replicated: on 1 replica, and on disk' },
  });
  const load = startLoad(broker);
  await sleep(1500);
  const others = redis.nodes.filter((node) => node !== master);
  for (const { pid } of others) process.kill(pid, 'SIGSTOP');
  await sleep(1500);
  const killedAt = performance.now();
  await master.kill();
  for (const { pid } of others) process.kill(pid, 'SIGCONT');
  await load.untilAcceptedAfter(killedAt);
  const away = load.answers.find(({ status, at }) => status === 202 && at > killedAt + 200)?.at ?? Infinity;
  await sleep(1000);
  await load.stop();
  t.log(`writes back ${Math.round(away - killedAt)} ms after the kill; ${JSON.stringify(load.counts())}`);
  t.deepEqual(Object.keys(load.counts()).sort(), ['202', '503']);
  const slowest = Math.max(...load.answers.map(({ took }) => took));
  t.true(slowest < 2000, `the slowest answer took ${slowest} ms`);
  const accepted = load.answers.flatMap(({ status, id }) => (status === 202 && id ? [id] : []));
  const ended = await Promise.all(accepted.map((id) => broker.job(id, '?wait=60')));
  t.deepEqual(new Set(ended.map(({ status }) => status)), new Set(['succeeded']));
});

test('a submission that was not confirmed makes one job with the one that repeats its key', async (t) => {
  const model = await startModel(t);
  const redis = await startRedisSentinel({ ...REPLICATED, replicas: 1, downAfterMs: 60_000 });
  t.teardown(redis.stop);
  const master = await redis.master();
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    redis: { ...master, url: redis.url },
  });
  const replica = redis.nodes.find((node) => node !== master);
  const post = () =>
    broker.request('/jobs', {
      method: 'POST',
      json: { model: 'm', input: 1 },
      headers: { 'idempotency-key': 'the same' },
    });
  process.kill(replica?.pid ?? 0, 'SIGSTOP');
  t.like((await post()).body, { status: 503, error_type: 'not_confirmed' });
  const again = await post();
  t.like(again.body, { status: 503, error_type: 'not_confirmed' }, 'nor is it told as accepted later');
  t.truthy(again.headers.get('retry-after'));
  process.kill(replica?.pid ?? 0, 'SIGCONT');
  let accepted = await post();
  for (; accepted.status === 503; accepted = await post()) await sleep(100);
  t.true(accepted.status < 300, accepted.text);
  const { body } = await broker.request('/jobs');
  t.deepEqual(
    Object(body).data.map(({ id }: { id: string }) => id),
    [Object(accepted.body).id],
  );
  t.is((await broker.job(String(Object(accepted.body).id), '?wait=30')).status, 'succeeded');
  t.is(model.calls.length, 1);
});

test('a master that falls silent is given up: clients and workers go on with its successor', async (t) => {
  const model = await startModel(t);
  const redis = await startRedisSentinel(REPLICATED);
  t.teardown(redis.stop);
  const master = await redis.master();
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    redis: { ...master, url: redis.url },
  });
  t.is((await broker.run({ model: 'm', input: 0 })).status, 'succeeded');
  process.kill(master.pid, 'SIGSTOP');
  t.teardown(() => process.kill(master.pid, 'SIGCONT'));
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const { id } = await broker.submit({ model: 'm', input: 1 });
  const writes = seconds();
  t.is((await broker.job(id, '?wait=60')).status, 'succeeded');
  t.log(`writes back after ${writes.toFixed(1)} s, the worker after ${seconds().toFixed(1)} s`);
  t.true(seconds() < 40, `${seconds()} s`);
  const told = performance.now();
  t.is((await broker.run({ model: 'm', input: 2 })).status, 'succeeded');
  t.true(performance.now() - told < 1500, 'a waiting client is woken, not left to look by itself');
});

test('a primary of a cluster is killed: the workers of other shards go on, and nothing accepted is lost', async (t) => {
  const model = await startModel(t);
  const settings = { 'min-replicas-to-write': '1', 'cluster-require-full-coverage': 'no' };
  const redis = await startRedisCluster(settings, { replicas: 2 });
  t.teardown(redis.stop);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const [victim] = redis.nodes;
  if (!victim) throw new TypeError('No node');
  const broker = await startTestBroker(t, {
    models: names.map((name) => jsonModel(name, model.url)),
    redis: { ...victim, url: redis.url },
    env: { INFERQ_DURABILITY: 'replicated' },
  });
  const [safe, hit] = [names.find((name) => shardOf(name) !== 0), names.find((name) => shardOf(name) === 0)];
  if (!safe || !hit) throw new TypeError('No model in the shard');
  const waiting = await Promise.all(
    Array.from({ length: 20 }, (_, input) =>
      broker.submit({ model: safe, input, delay: 2, cache: 'bypass' }),
    ),
  );
  const loads = [startLoad(broker, hit), startLoad(broker, safe)] as const;
  await sleep(1500);
  const killedAt = performance.now();
  await victim.kill();
  await until(
    () => model.calls.filter(({ body }) => typeof body === 'number').length === waiting.length,
    3000,
  );
  await Promise.all(loads.map((load) => load.untilAcceptedAfter(killedAt)));
  await sleep(1000);
  await Promise.all(loads.map((load) => load.stop()));
  const [ofHit, ofSafe] = loads;
  t.log(`the shard: ${JSON.stringify(ofHit.counts())}; the others: ${JSON.stringify(ofSafe.counts())}`);
  const ids = loads.flatMap(({ answers }) =>
    answers.flatMap(({ id, status }) => (status === 202 && id ? [id] : [])),
  );
  const ended = await Promise.all(ids.map((id) => broker.job(id, '?wait=60')));
  t.deepEqual(new Set(ended.map(({ status }) => status)), new Set(['succeeded']));
});

/** Of three, which one has the model. */
function shardOf(name: string): number {
  return Math.floor((keySlot(keyPrefix(modelCode(name))) * 3) / 16_384);
}

interface Told {
  status: number;
  id: string | undefined;
  at: number;
  took: number;
}

/** Twenty clients, each of which submits one job after the other. */
function startLoad(broker: TestBroker, name = 'm') {
  const answers: Told[] = [];
  const stopping = new AbortController();
  async function client(): Promise<void> {
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      const { status, body } = await broker.request('/jobs', {
        method: 'POST',
        json: { model: name, input: randomUUID() },
      });
      const at = performance.now();
      const { id } = Object(body);
      answers.push({ status, id: typeof id === 'string' ? id : undefined, at, took: at - begun });
      await sleep(status === 202 ? 10 : 50);
    }
  }
  const clients = Promise.all(Array.from({ length: 20 }, client));
  return {
    answers,
    counts: () => {
      const counts: Record<string, number> = {};
      for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
      return counts;
    },
    async untilAcceptedAfter(time: number): Promise<void> {
      while (!answers.some(({ status, at }) => status === 202 && at > time + 200)) await sleep(20);
    },
    async stop(): Promise<void> {
      stopping.abort();
      await clients;
    },
  };
}
