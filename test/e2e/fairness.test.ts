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
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { concurrency: 8, cache: { scope: 'off' } })],
    workers: 0,
  });
  const redis = connect(broker.redisUrl, PATIENT);
  const light = newToken();
  await createTokenStore(redis).save(light, {
    tenant: 'light',
    name: 'light',
    scopes: ['admin'],
    models: ['*'],
    expires_at: null,
  });
  await redis.quit();
  for (let at = 0; at < 3000; at += 100)
    await Promise.all(Array.from({ length: 100 }, () => broker.submit({ model: 'm', input: at })));
  await broker.startWorker();
  // The machine may be busy with other tests, which can only add to a wait: the best of three rounds counts.
  const rounds: { median: number; p99: number }[] = [];
  for (let round = 0; round < 3; round++) {
    const waits: number[] = [];
    for (let at = 0; at < 40; at++) {
      const job = await broker.run({ model: 'm', input: at }, { authorization: `Bearer ${light}` });
      t.is(job.status, 'succeeded');
      waits.push(job.metrics.queue_time ?? Number.POSITIVE_INFINITY);
    }
    const sorted = waits.toSorted((a, b) => a - b);
    rounds.push({ median: sorted[20] ?? Number.NaN, p99: sorted[39] ?? Number.NaN });
  }
  const { body } = await broker.request('/models/m');
  const backlog = typeof body === 'object' && body && 'backlog' in body ? Number(body.backlog) : 0;
  t.true(backlog > 100, `the backlog must last longer than the measurement, ${backlog} were left`);
  t.log(`${backlog} jobs of the other tenant left; seconds waited: ${JSON.stringify(rounds)}`);
  t.true(Math.min(...rounds.map(({ p99 }) => p99)) <= 0.1, JSON.stringify(rounds));
});
