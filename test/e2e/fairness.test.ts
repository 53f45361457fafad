import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { newToken, createTokenStore } from '../../shared/redis/token-store.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('behind a backlog of 3,000 jobs of one tenant, the jobs of another wait 100 ms at p99', async (t) => {
  const model = await startScriptedModel(async (_call, response) => {
    await sleep(10);
    answer(response, 1);
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, { concurrency: 8, cache: { scope: 'off' } })], workers: 0 });
  const redis = connect(broker.redisUrl, PATIENT);
  const light = newToken();
  await createTokenStore(redis).save(light, { id: 'light', tenant: 'light', name: 'light', scopes: ['admin'], models: ['*'] });
  await redis.quit();
  for (let at = 0; at < 3000; at += 100)
    await Promise.all(Array.from({ length: 100 }, () => broker.submit({ model: 'm', input: at })));
  await broker.startWorker();
  const waits: number[] = [];
  for (let at = 0; at < 100; at++) {
    const job = await broker.run({ model: 'm', input: at }, { authorization: `Bearer ${light}` });
    t.is(job.status, 'succeeded');
    waits.push(job.metrics.queue_time ?? Number.POSITIVE_INFINITY);
  }
  const { body } = await broker.request('/models/m');
  const backlog = typeof body === 'object' && body && 'backlog' in body ? Number(body.backlog) : 0;
  t.true(backlog > 100, `the backlog must last longer than the measurement, ${backlog} were left`);
  const sorted = waits.sort((a, b) => a - b);
  t.log(`queue_time: median ${sorted[50]} s, p99 ${sorted[98]} s, ${backlog} jobs of the other tenant left`);
  t.true((sorted[98] ?? Number.POSITIVE_INFINITY) <= 0.1, `p99 is ${sorted[98]} s`);
});
