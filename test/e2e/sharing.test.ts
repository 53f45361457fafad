import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('1,000 identical jobs at once make one call of the model and 1,000 results', async (t) => {
  const model = await startScriptedModel(async (_call, response) => {
    await sleep(3000);
    answer(response, { big: 'answer' });
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const submitted = await Promise.all(
    Array.from({ length: 1000 }, (_, at) =>
      broker.submit({ model: 'm', input: 1, metadata: { at: String(at) } }),
    ),
  );
  t.is(new Set(submitted.map(({ id }) => id)).size, 1000);
  const ended = await Promise.all(submitted.map(({ id }) => broker.job(id, '?wait=60')));
  t.true(ended.every(({ status }) => status === 'succeeded'));
  t.deepEqual(new Set(ended.map(({ output }) => JSON.stringify(output))), new Set(['{"big":"answer"}']));
  t.deepEqual(new Set(ended.map(({ metadata }) => metadata['at'])).size, 1000);
  t.is(model.calls.length, 1);
});

test('the call of a shared run goes on until the last one leaves, and stops then', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const [first, second] = [
    await broker.submit({ model: 'm', input: 1 }),
    await broker.submit({ model: 'm', input: 1 }),
  ];
  t.is(second.cache, 'coalesced');
  while (model.calls.length === 0) await sleep(20);
  await broker.request(`/jobs/${first.id}/cancel`, { method: 'POST' });
  await sleep(500);
  t.false(model.calls[0]?.aborted);
  t.is((await broker.job(second.id)).status, 'running');
  await broker.request(`/jobs/${second.id}/cancel`, { method: 'POST' });
  while (!model.calls[0]?.aborted) await sleep(10);
  t.is(model.calls.length, 1);
});

test('the same meaning is the same job: key order, spelling of numbers and of characters', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const post = async (body: string) => {
    const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
    const { body: job } = await broker.request('/jobs', { method: 'POST', body, headers });
    return typeof job === 'object' && job && 'cache' in job ? job.cache : undefined;
  };
  t.is(await post('{"model":"m","input":{"a":1,"b":"é"}}'), 'miss');
  t.is(await post('{"model":"m","input":{"b":"\\u00e9","a":1.0}}'), 'hit');
  t.is(
    await post('{"model":"m","input":{"b":"\\u0065\\u0301","a":1}}'),
    'miss',
    'another text that looks alike',
  );
  t.is(await post('{"model":"m","input":{"a":"1","b":"é"}}'), 'miss');
});
