import test from 'ava';
import { Redis } from 'ioredis';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';
import { endsOf, startModel, statusesOf } from '../support/many-jobs.ts';

const INPUT = 'x'.repeat(200_000);

test('new jobs are refused before Redis is full, and all that were accepted end', async (t) => {
  const model = await startModel(t);
  const redis = await startTemporaryRedis({ settings: { maxmemory: '60mb' } });
  t.teardown(redis.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], redis, workers: 0 });
  const accepted: string[] = [];
  let refusal;
  for (let at = 0; !refusal && at < 300; at++) {
    const json = { model: 'm', input: `${at} ${INPUT}`, cache: 'bypass' };
    const { status, body, headers } = await broker.request('/jobs', { method: 'POST', json });
    if (status === 202) accepted.push(String(Object(body).id));
    else refusal = { status, error: Object(body).error_type, after: headers.get('retry-after') };
  }
  t.deepEqual(refusal, { status: 503, error: 'broker_full', after: '5' });
  t.true(accepted.length >= 50, `${accepted.length} were accepted`);
  await broker.startWorker();
  const ends = await endsOf(broker, accepted);
  t.deepEqual(statusesOf(ends), ['succeeded']);
  const client = new Redis(redis.url);
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  client.disconnect();
  t.log(`${accepted.length} jobs of 200 kB accepted; at the end ${Math.round(used / 1e6)} of 63 MB are used`);
});

test('a Redis without a limit is told of until it has one', async (t) => {
  const model = await startModel(t);
  const redis = await startTemporaryRedis({ settings: { maxmemory: '0' } });
  t.teardown(redis.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], redis, workers: 0 });
  const warnings = async (): Promise<string> =>
    Object((await broker.request('/readyz')).body).warnings.join();
  await until(async () => (await warnings()) !== '');
  t.regex(await warnings(), /^Redis has no maxmemory: .*set it/);
  const client = new Redis(redis.url);
  t.teardown(() => client.disconnect());
  await client.config('SET', 'maxmemory', '100mb');
  await until(async () => (await warnings()) === '');
});
