import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('canceling a running job ends it at once and breaks off the call of the model', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('mute', model.url)] });
  const { id } = await broker.submit({ model: 'mute', input: 1 });
  while (model.calls.length === 0) await sleep(20);
  const started = performance.now();
  const canceled = await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  t.is(canceled.status, 200);
  t.like(canceled.body, { status: 'canceled', output: null });
  while (!model.calls[0]?.aborted) await sleep(10);
  const took = performance.now() - started;
  t.true(took < 1000, `${took} ms`);
  t.is((await broker.request(`/jobs/${id}/cancel`, { method: 'POST' })).status, 200);
  const job = await broker.job(id, '?include=attempts');
  t.is(job.status, 'canceled');
  const [attempt, ...more] = job.attempts ?? [];
  t.like(attempt, { attempt: 1, outcome: 'canceled', ended_at: job.completed_at });
  t.is(attempt?.started_at, job.started_at ?? '');
  t.deepEqual(more, []);
});

test('a job that is canceled while it waits is never sent to the model', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)], workers: 0 });
  const { id } = await broker.submit({ model: 'echo', input: 1 });
  const waiting = broker.job(id, '?wait=20');
  await sleep(100);
  await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  t.is((await waiting).status, 'canceled');
  await broker.startWorker();
  await broker.run({ model: 'echo', input: 2 });
  t.is(model.calls.length, 1);
});

test('a job that has ended otherwise is not canceled, one that is under way not retried', async (t) => {
  const model = await startScriptedModel((call, response) =>
    call.body === 'hang' ? undefined : answer(response, 1),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const done = await broker.run({ model: 'm', input: 1 });
  const refused = await broker.request(`/jobs/${done.id}/cancel`, { method: 'POST' });
  t.is(refused.status, 409);
  t.like(refused.body, { error_type: 'job_ended' });
  t.is((await broker.request(`/jobs/${done.id}/retry`, { method: 'POST' })).status, 409);
  const running = await broker.submit({ model: 'm', input: 'hang' });
  const early = await broker.request(`/jobs/${running.id}/retry`, { method: 'POST' });
  t.is(early.status, 409);
  t.like(early.body, { error_type: 'job_not_ended' });
});

test('a failed job runs again under its id and keeps the history of its attempts', async (t) => {
  const model = await startScriptedModel((_call, response, count) =>
    answer(response, 'x', count === 1 ? 400 : 200),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const failed = await broker.run({ model: 'm', input: 1 });
  t.is(failed.status, 'failed');
  const retried = await broker.request(`/jobs/${failed.id}/retry`, { method: 'POST' });
  t.is(retried.status, 202);
  t.is(retried.headers.get('location'), `/jobs/${failed.id}`);
  const job = await broker.job(failed.id, '?wait=20&include=attempts');
  t.like(job, { status: 'succeeded', output: 'x', error: null });
  t.deepEqual(
    job.attempts?.map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, 'model_error'],
      [2, 'succeeded'],
    ],
  );
});

test('a retried job is told its place behind those that wait', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)], workers: 0 });
  const { id } = await broker.submit({ model: 'echo', input: 1 });
  await broker.submit({ model: 'echo', input: 2 });
  await broker.submit({ model: 'echo', input: 3 });
  await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  const retried = await broker.request(`/jobs/${id}/retry`, { method: 'POST' });
  t.like(retried.body, { status: 'queued', queue: { position: 3, eta: null } });
  t.deepEqual(retried.body, await broker.job(id));
});

test('cancels and retries at the same moment are each answered with what they did', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('mute', model.url)] });
  const { id } = await broker.submit({ model: 'mute', input: 1 });
  const ask = async (what: string) => {
    const { status, body } = await broker.request(`/jobs/${id}/${what}`, { method: 'POST' });
    if (status !== 409) t.like(body, { status: what === 'cancel' ? 'canceled' : 'queued' });
  };
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 20 }, (_, at) => ask(at % 2 === 0 ? 'cancel' : 'retry')));
});
