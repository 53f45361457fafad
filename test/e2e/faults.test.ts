import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('while Redis is away every answer is 503 within a second, and then all goes on', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const kept = await broker.submit({ model: 'm', input: 'before', delay: 2 });
  process.kill(broker.redis.pid, 'SIGSTOP');
  t.teardown(() => process.kill(broker.redis.pid, 'SIGCONT'));
  const times: number[] = [];
  for (let at = 0; at < 5; at++) {
    const started = performance.now();
    const refused = await broker.request('/jobs', { method: 'POST', json: { model: 'm', input: at } });
    times.push(performance.now() - started);
    t.is(refused.status, 503);
    t.truthy(refused.headers.get('retry-after'));
  }
  t.true(Math.max(...times) < 1000, `${times.map(Math.round).join(', ')} ms`);
  process.kill(broker.redis.pid, 'SIGCONT');
  t.is((await broker.job(kept.id, '?wait=30')).status, 'succeeded');
  t.is((await broker.run({ model: 'm', input: 'after' })).status, 'succeeded');
});

test('a job whose worker is killed runs again elsewhere and ends once', async (t) => {
  const model = await startScriptedModel(async (_call, response, count) => {
    if (count === 1) return;
    answer(response, 'second');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_LOCK_TIME: '2' },
  });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  while (model.calls.length === 0) await sleep(20);
  broker.workers[0]?.kill();
  await broker.startWorker();
  const job = await broker.job(id, '?wait=60');
  t.like(job, { status: 'succeeded', output: 'second', metrics: { attempts: 2 } });
  t.deepEqual(
    model.calls.map(({ headers }) => headers['x-inferq-attempt']),
    ['1', '2'],
  );
  const { attempts } = await broker.job(id, '?include=attempts');
  t.deepEqual(
    attempts?.map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, 'worker_lost'],
      [2, 'succeeded'],
    ],
  );
});

test('a worker that stops puts back what it cannot finish, and no attempt is spent', async (t) => {
  const model = await startScriptedModel((_call, response, count) => {
    if (count > 1) answer(response, 'again');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  while (model.calls.length === 0) await sleep(20);
  await broker.workers[0]?.stop(10_000);
  t.is((await broker.job(id)).status, 'queued');
  await broker.startWorker();
  t.like(await broker.job(id, '?wait=30'), { status: 'succeeded', output: 'again' });
});

test('a running job is canceled at once although its worker is dead', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  while (model.calls.length === 0) await sleep(20);
  broker.workers[0]?.kill();
  const asked = Date.now();
  const { body } = await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  t.like(body, { status: 'canceled' });
  const took = Date.parse(String(Object(body).completed_at)) - asked;
  t.true(took < 1000, `${took} ms`);
});
