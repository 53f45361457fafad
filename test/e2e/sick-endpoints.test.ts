import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createClock } from '../chaos/clock.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer } from '../support/scripted-model.ts';
import { startModel } from '../support/many-jobs.ts';
import { until } from '../support/until.ts';

test('jobs that give the model too little time do not put its endpoint out of order for others', async (t) => {
  const slow = await startModel(t, async (call, response) => {
    await sleep(300);
    answer(response, call.body);
  });
  const broker = await startTestBroker(t, { models: [jsonModel('m', slow.url)] });
  for (let input = 0; input < 8; input++)
    t.like(await broker.run({ model: 'm', input, timeout: 0.05 }), {
      error: { error_type: 'model_timeout' },
    });
  t.is(slow.calls.length, 8);
  t.is((await broker.run({ model: 'm', input: 'in peace' })).status, 'succeeded');
});

test('a worker whose clock was put on tells of its endpoints all the same', async (t) => {
  const model = await startModel(t, (call, response) => answer(response, call.body));
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  const clock = await createClock(t, 10 * 60_000);
  await broker.startWorker(clock.env);
  t.is((await broker.run({ model: 'm', input: 1 })).status, 'succeeded');
  await until(async () => {
    const { body } = await broker.request('/models/m');
    return Object(body).endpoints[0].state === 'closed';
  });
  t.pass();
});
