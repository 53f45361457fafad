import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

test('a role that is told to stop while Redis does not answer is gone soon all the same', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')] });
  process.kill(broker.redis.pid, 'SIGSTOP');
  t.teardown(() => process.kill(broker.redis.pid, 'SIGCONT'));
  const [worker] = broker.workers;
  const started = performance.now();
  await worker?.stop(30_000);
  t.true(performance.now() - started < 12_000, `${performance.now() - started} ms`);
});

test('a client that waits when Redis stops answering is told that its job is accepted, not to try again', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const headers = { prefer: 'wait=20' };
  const answered = broker.request('/jobs', { method: 'POST', json: { model: 'm', input: 1 }, headers });
  while (model.calls.length === 0) await sleep(20);
  process.kill(broker.redis.pid, 'SIGSTOP');
  t.teardown(() => process.kill(broker.redis.pid, 'SIGCONT'));
  const { status, body, headers: given } = await answered;
  t.is(status, 202);
  t.is(given.get('location'), `/jobs/${String(Object(body).id)}`);
  process.kill(broker.redis.pid, 'SIGCONT');
});
