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
  for (let at = 0; at < 5; at++) {
    const started = performance.now();
    const refused = await broker.request('/jobs', { method: 'POST', json: { model: 'm', input: at } });
    t.is(refused.status, 503);
    t.truthy(refused.headers.get('retry-after'));
    t.true(performance.now() - started < 1000, `${performance.now() - started} ms`);
  }
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
