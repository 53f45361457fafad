import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { startModel } from '../support/many-jobs.ts';
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

interface Told {
  status: number;
  id: string | undefined;
  at: number;
  took: number;
}

/** Twenty clients, each of which submits one job after the other. */
function startLoad(broker: TestBroker) {
  const answers: Told[] = [];
  const stopping = new AbortController();
  async function client(): Promise<void> {
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      const { status, body } = await broker.request('/jobs', {
        method: 'POST',
        json: { model: 'm', input: randomUUID() },
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
