import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { connect, PATIENT, type RedisConnection } from '../../shared/redis/connection.ts';
import { keyPrefix, modelCode } from '../../shared/redis/keys.ts';
import { createClient, jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

const UNSERVED = 'inferq:models-unserved';

test('a job whose model is gone when API and worker come back fails after five minutes, and the operator is told', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const [gone, kept] = ['gone', 'kept'].map((name) => jsonModel(name, model.url));
  const broker = await startTestBroker(t, { models: [gone ?? {}, kept ?? {}] });
  const redis = connectTo(t, broker);
  const webhook = { url: `${model.url}/hook` };
  const { id } = await broker.submit({ model: 'gone', input: 1, delay: 1, webhook });
  await Promise.all([...broker.apis, ...broker.workers].map((role) => role.stop(10_000)));
  const env = { INFERQ_MODELS: await writeOther(broker, [kept ?? {}]) };
  const { url } = await broker.startApi(env);
  await broker.startWorker(env);
  const client = createClient(url);
  t.is((await client.run({ model: 'kept', input: 1 })).status, 'succeeded');
  const code = modelCode('gone');
  await until(async () => (await redis.hexists(UNSERVED, code)) === 1);
  t.is((await client.job(id)).status, 'queued');

  await passFiveMinutes(redis, code, id);
  const job = await client.job(id, '?wait=30');
  t.is(job.status, 'failed');
  t.like(job.error, { error_type: 'model_unavailable', detail: 'The model gone@1 is not served any more.' });
  await until(() => model.calls.some(({ path }) => path === '/hook'));
  t.like(model.calls.find(({ path }) => path === '/hook')?.body, { type: 'job.failed' });
  const log = await readFile(path.join(path.dirname(broker.modelFile), 'worker-3.log'), 'utf8');
  t.deepEqual(
    log.split('\n').flatMap((line) => /No worker and no API has the model (\S+),/.exec(line)?.[1] ?? []),
    ['gone'],
  );
});

test('a worker that does not know a model leaves its jobs to one that does, however long they wait', async (t) => {
  const answers: (() => void)[] = [];
  const model = await startScriptedModel((_, response) => void answers.push(() => answer(response, 'done')));
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { concurrency: 1 })],
    workers: 0,
  });
  const redis = connectTo(t, broker);
  const other = await writeOther(broker, [jsonModel('other', model.url)]);
  // The first one sweeps.
  await broker.startWorker({ INFERQ_MODELS: other });
  await until(async () => (await redis.keys('inferq:sweeper:*')).length > 0);
  await broker.startWorker();
  const jobs = await Promise.all([1, 2].map((input) => broker.submit({ model: 'm', input })));
  // An API that takes jobs for the model would vouch for it.
  const client = createClient((await broker.startApi({ INFERQ_MODELS: other })).url);
  await broker.apis[0]?.stop(10_000);
  const code = modelCode('m');
  await until(async () => (await redis.hexists(UNSERVED, code)) === 1);
  await until(async () => (await redis.hexists(UNSERVED, code)) === 0);
  for (const { id } of jobs) {
    await until(() => answers.length > 0);
    answers.pop()?.();
    t.not((await client.job(id)).status, 'failed');
  }
  for (const { id } of jobs)
    t.like(await client.job(id, '?wait=30'), { status: 'succeeded', metrics: { attempts: 1 } });
});

function connectTo(t: ExecutionContext, broker: TestBroker): RedisConnection {
  const redis = connect(broker.redisUrl, PATIENT);
  t.teardown(() => redis.disconnect());
  return redis;
}

async function writeOther(broker: TestBroker, models: Record<string, unknown>[]): Promise<string> {
  const file = path.join(path.dirname(broker.modelFile), 'other.yaml');
  await writeFile(file, stringify({ models }));
  return file;
}

/** For one job that was delayed, and its model. */
async function passFiveMinutes(redis: RedisConnection, code: string, id: string): Promise<void> {
  await redis.hset(`${keyPrefix(code)}job:${id}`, { queued: 1, due: 1 });
  await redis.zadd(`${keyPrefix(code)}jobs:delayed`, 'XX', 1, id);
  await redis.hset(UNSERVED, code, Date.now() - 5 * 60_000 - 1000);
}
