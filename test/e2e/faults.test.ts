import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

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

test('what a model server fails at is asked again, what it refuses is not', async (t) => {
  const model = await startScriptedModel(({ body }, response, count) => {
    if (body === 'bad') return answer(response, { error: 'no' }, 422);
    answer(response, `call ${count}`, count === 1 ? 500 : 200);
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { retry: { attempts: 3, backoff: 0 } })],
  });
  const failing = await broker.submit({ model: 'm', input: 'good' });
  t.like(await broker.job(failing.id, '?wait=30'), {
    status: 'succeeded',
    output: 'call 2',
    metrics: { attempts: 2 },
  });
  const refused = await broker.submit({ model: 'm', input: 'bad' });
  t.like(await broker.job(refused.id, '?wait=30'), {
    status: 'failed',
    error: { error_type: 'model_error', retryable: false, attempt: 1 },
  });
  t.is(model.calls.length, 3);
  const [first, second, third] = model.calls.map(({ headers }) => String(headers['traceparent']));
  t.regex(
    first ?? '',
    /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/,
    'though the client has sent none',
  );
  t.is(second, first, 'of one trace');
  t.not(third, first);
});
