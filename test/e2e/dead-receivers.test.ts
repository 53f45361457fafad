import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { metricsOf } from '../support/worker-metrics.ts';
import { startQuietReceiver, startReceiver, startSocketReceiver } from '../webhooks/receiver.ts';

test('hundreds of deliveries to receivers that hang delay none to others', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const hanging = await Promise.all([1, 2, 3].map(() => startSocketReceiver(t, (socket) => socket.resume())));
  const healthy = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, { concurrency: 50 })] });
  await Promise.all(
    Array.from({ length: 450 }, (_, input) =>
      broker.run({ model: 'm', input, webhook: hanging[input % 3]?.url ?? '' }),
    ),
  );
  t.true(
    hanging.every((receiver) => receiver.connections() <= 10),
    'no more at once than to one that nobody knows',
  );
  for (let at = 0; at < 10; at++) {
    const begun = performance.now();
    await broker.run({ model: 'm', input: `healthy ${at}`, webhook: healthy.url });
    await until(() => healthy.received.length > at);
    const took = performance.now() - begun;
    t.true(took < 5000, `${took} ms, while an attempt at those that hang takes 15 s`);
  }
});

test('a receiver that fails is left alone for a while, and all arrives soon after it is back', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  let status = 503;
  const receiver = await startReceiver(t, (response) => response.writeHead(status).end());
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, { concurrency: 50 })] });
  const jobs = await Promise.all(
    Array.from({ length: 200 }, (_, input) => broker.run({ model: 'm', input, webhook: receiver.url })),
  );
  await until(async () => receiver.received.length >= 5);
  t.true(receiver.received.length < 60, `${receiver.received.length} of 200 were tried while it failed`);
  status = 204;
  const arrived = () => new Set(receiver.received.slice(0).map(({ headers }) => headers['webhook-id'])).size;
  await until(() => arrived() === 200, 60_000);
  t.is(jobs.length, 200);
  t.regex(await metricsOf(broker), /^inferq_webhooks_put_off_total [1-9]/m);
});
