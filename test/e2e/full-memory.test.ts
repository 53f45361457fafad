import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { Redis } from 'ioredis';
import { stringify } from 'yaml';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createKnownCodes } from '../../shared/redis/known-codes.ts';
import { modelCode } from '../../shared/redis/keys.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';
import { endsOf, startModel, statusesOf } from '../support/many-jobs.ts';

const INPUT = 'x'.repeat(200_000);

const refusedInTime = test.macro(async (t, asBody: (text: string) => RequestInit) => {
  const model = await startModel(t);
  const redis = await startTemporaryRedis({ settings: { maxmemory: '60mb' } });
  t.teardown(redis.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], redis, workers: 0 });
  const accepted: string[] = [];
  let refusal;
  for (let at = 0; !refusal && at < 300; at++) {
    const job = JSON.stringify({ model: 'm', input: `${at} ${INPUT}`, cache: 'bypass' });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, ...asBody(job) };
    const { status, body, headers } = await broker.request('/jobs', init);
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

test('models that come while Redis takes no writes are served, and their jobs cared for, once it does', async (t) => {
  const model = await startModel(t);
  const broker = await startTestBroker(t, { models: [jsonModel('first', model.url)] });
  const redis = new Redis(broker.redisUrl);
  t.teardown(() => redis.disconnect());
  await redis.config('SET', 'maxmemory', '1mb');
  const names = ['first', 'second', 'third'];
  await writeFile(broker.modelFile, stringify({ models: names.map((name) => jsonModel(name, model.url)) }));
  const log = path.join(path.dirname(broker.modelFile), 'worker-1.log');
  await until(async () => (await readFile(log, 'utf8')).includes('"where":"opening workers"'));
  await redis.config('SET', 'maxmemory', '0');
  const list = () => createKnownCodes(redis).list();
  await until(async () => (await list()).length === names.length);
  t.deepEqual((await list()).sort(), names.map(modelCode).sort());
  // The API looks twice a second whether there is room again.
  const json = { model: 'first', input: 'room' };
  await until(async () => (await broker.request('/jobs', { method: 'POST', json })).status === 202);
  for (const name of names) t.is((await broker.run({ model: name, input: name })).status, 'succeeded');
});
test('new jobs are refused before Redis is full, and all that were accepted end', refusedInTime, (body) => ({
  body,
}));

test('so they are where the requests do not say how long they are', refusedInTime, (text) => ({
  body: new Blob([text]).stream(),
  duplex: 'half',
}));

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
