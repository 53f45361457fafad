import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { stringify } from 'yaml';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { endsOf, startModel, statusesOf, submitMany } from '../support/many-jobs.ts';
import { answer, startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { metricsOf } from '../support/worker-metrics.ts';

/** A port of the loopback where nothing listens any more. */
async function deadUrl(): Promise<string> {
  const model = await startScriptedModel();
  await model.stop();
  return model.url;
}

test('where every endpoint is out of order, attempts fail without a call and say so', async (t) => {
  const model = await startModel(t, (_call, response) => answer(response, { error: 'no' }, 503));
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const begun = Date.now();
  const jobs = await endsOf(broker, await submitMany(broker, 'm', 200));
  t.log(`${model.calls.length} calls for 200 jobs in ${Date.now() - begun} ms`);
  t.deepEqual(statusesOf(jobs), ['failed']);
  t.true(model.calls.length <= 40, `${model.calls.length} calls`);
  const spared = jobs.find(({ error }) => error?.detail.includes('out of order'));
  t.like(spared, { error: { error_type: 'model_unavailable', retryable: true } });
  t.is(spared?.attempts?.[0]?.endpoint, undefined);
});

test('a short outage spends no job, and the endpoint is used again after its probe', async (t) => {
  let out = true;
  const model = await startModel(t, (call, response) =>
    out ? answer(response, { error: 'no' }, 503) : answer(response, call.body),
  );
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { retry: { attempts: 5, backoff: 0.2 } })],
  });
  const ids = await submitMany(broker, 'm', 50);
  while (model.calls.length < 5) await sleep(20);
  out = false;
  t.deepEqual(statusesOf(await endsOf(broker, ids)), ['succeeded']);
});

async function submitTexts(broker: TestBroker, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let text = 0; text < count; text++)
    ids.push((await broker.run({ model: 'm', input: { text: String(text) } })).id);
  return ids;
}

test('the fallback answers, with its own protocol and transforms, when the model cannot be reached', async (t) => {
  const other = await startModel(t, (call, response) => answer(response, { said: call.body }));
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', await deadUrl(), { fallback: 'other', output_schema: { type: 'string' } }),
      jsonModel('other', other.url, {
        input_schema: { type: 'object', required: ['text'] },
        preprocess: '{"prompt": text}',
        postprocess: 'said.prompt',
      }),
    ],
  });
  const { id } = await broker.run({ model: 'm', input: { text: 'hi' } });
  const job = await broker.job(id, '?include=attempts');
  t.like(job, { status: 'succeeded', output: 'hi', model: 'm', metrics: { attempts: 1 } });
  t.deepEqual(
    job.attempts?.map(({ attempt, outcome, model }) => [attempt, outcome, model]),
    [
      [1, 'model_unavailable', undefined],
      [1, 'succeeded', 'other@1'],
    ],
  );
  t.is(job.attempts?.[1]?.endpoint, `${other.url}/`);
  // It is no result of the model itself, so it is not kept as one.
  t.is((await broker.run({ model: 'm', input: { text: 'hi' } })).cache, 'miss');
  t.like(await broker.run({ model: 'm', input: 'does not fit' }), {
    status: 'failed',
    error: { error_type: 'model_unavailable' },
  });
  // By now the endpoint of the model itself is let alone, and the fallback is asked at once.
  const later = await endsOf(broker, await submitTexts(broker, 6));
  t.deepEqual(statusesOf(later), ['succeeded']);
  t.true(later.some(({ attempts }) => attempts?.[0]?.endpoint === undefined));
});

test('a 429 puts the job off and spends no attempt; another endpoint is asked first', async (t) => {
  const busy = await startModel(t, (call, response, count) =>
    count <= 3 ? answer(response, {}, 429, { 'retry-after': '1' }) : answer(response, call.body),
  );
  const free = await startModel(t);
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('alone', busy.url),
      jsonModel('two', '', { endpoints: [{ url: `${busy.url}/two` }, { url: free.url, priority: 1 }] }),
    ],
  });
  const begun = Date.now();
  t.like(await broker.run({ model: 'two', input: 1 }), { status: 'succeeded' });
  t.is(free.calls.length, 1);
  t.like(await broker.run({ model: 'alone', input: 1 }), { status: 'succeeded', metrics: { attempts: 1 } });
  t.is(busy.calls.length, 4);
  // Two refusals of a second each; that the rest is waiting is seen by the calls alone.
  t.true(Date.now() - begun >= 2000);
});

test('no more jobs start in a window than the rate allows, over all workers, and other models are not held up', async (t) => {
  const model = await startModel(t);
  const broker = await startTestBroker(t, {
    workers: 2,
    models: [jsonModel('slow', model.url, { rate: { limit: 5, window: 1 } }), jsonModel('fast', model.url)],
  });
  await broker.run({ model: 'slow', input: 'the first one' });
  const ids = await submitMany(broker, 'slow', 20);
  t.is((await broker.run({ model: 'fast', input: 'now' })).status, 'succeeded');
  const unfinished = await Promise.all(ids.map((id) => broker.job(id)));
  t.true(unfinished.some(({ status }) => status === 'queued'));
  const jobs = await endsOf(broker, ids);
  t.deepEqual(statusesOf(jobs), ['succeeded']);
  t.deepEqual([...new Set(jobs.map(({ metrics }) => metrics.attempts))], [1]);
  const starts = jobs.map((job) => Date.parse(job.started_at ?? '')).sort((a, b) => a - b);
  const span = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
  t.log(`20 jobs started within ${span} ms`);
  // The first and the last window may be cut short, and between taking and starting a job lies a moment.
  t.true(span >= 2500, `${span} ms`);
});

test('the concurrency holds over several workers, also when it is changed under way', async (t) => {
  let running = 0;
  let most = 0;
  const model = await startModel(t, async (call, response) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(20);
    running -= 1;
    answer(response, call.body);
  });
  const spec = (concurrency: number) => [jsonModel('m', model.url, { concurrency })];
  const broker = await startTestBroker(t, { workers: 3, models: spec(4) });
  const load = async (concurrency: number): Promise<void> => {
    await writeFile(`${broker.modelFile}.new`, stringify({ models: spec(concurrency) }));
    await rename(`${broker.modelFile}.new`, broker.modelFile);
    // Files are looked at twice a second; a job submitted thereafter may still meet the number before.
    await sleep(1500);
  };
  const seen: [number, number][] = [];
  for (const concurrency of [4, 2, 6]) {
    if (concurrency !== 4) await load(concurrency);
    most = 0;
    const jobs = await endsOf(broker, await submitMany(broker, 'm', 80));
    t.deepEqual(statusesOf(jobs), ['succeeded']);
    t.true(most <= concurrency, `${most} at once where ${concurrency} are allowed`);
    seen.push([concurrency, most]);
  }
  t.log(`concurrency and most at once: ${JSON.stringify(seen)}`);
  t.true((seen[2]?.[1] ?? 0) > 2, 'a larger number has an effect');
});

function inferred(model: ScriptedModel): number {
  return model.calls.filter(({ path }) => path === '/infer').length;
}

test('two versions at one address have the larger concurrency from the start of a worker', async (t) => {
  const allUnderWay = Promise.withResolvers<void>();
  const model = await startModel(t, async (call, response) => {
    await allUnderWay.promise;
    answer(response, call.body);
  });
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', model.url, { version: '1', concurrency: 1, timeout: 120 }),
      jsonModel('m', model.url, { version: '2', concurrency: 3, timeout: 120 }),
    ],
  });
  const ids = await submitMany(broker, 'm@2', 3);
  await until(() => model.calls.length === 3);
  allUnderWay.resolve();
  t.deepEqual(statusesOf(await endsOf(broker, ids)), ['succeeded']);
});

test('a health check takes an endpoint out before a job finds it broken, and brings it back', async (t) => {
  let well = false;
  const sick = await startModel(t, (call, response) =>
    answer(response, call.body, call.path === '/ready' && !well ? 503 : 200),
  );
  const sound = await startModel(t);
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', '', {
        endpoints: [{ url: `${sick.url}/infer` }, { url: `${sound.url}/infer`, priority: 1 }],
        health: { path: '/ready', interval: 0.1 },
      }),
    ],
  });
  const stateOf = async (): Promise<unknown> => (await firstEndpoint(broker))['state'];
  const gauge = async (): Promise<string | undefined> =>
    /^inferq_endpoint_open\{model="m",endpoint="[^"]+\/infer"\} (\S+)$/m.exec(await metricsOf(broker))?.[1];
  while ((await stateOf()) !== 'open') await sleep(50);
  t.is(await gauge(), '1');
  t.is((await broker.run({ model: 'm', input: 1 })).status, 'succeeded');
  t.deepEqual([inferred(sick), inferred(sound)], [0, 1]);
  well = true;
  for (let input = 2; inferred(sick) === 0; input++) {
    t.is((await broker.run({ model: 'm', input })).status, 'succeeded');
    await sleep(50);
  }
  while ((await stateOf()) !== 'closed') await sleep(50);
  t.is(await gauge(), '0');
});

/** As `GET /models/m` shows it. */
async function firstEndpoint(
  broker: TestBroker,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const { body } = await broker.request('/models/m', { headers });
  return Object(Object(body).endpoints?.[0]);
}

async function tokenOf(broker: TestBroker, tenant: string): Promise<string> {
  await broker.request(`/tenants/${tenant}`, { method: 'PUT', json: {} });
  const { body } = await broker.request(`/tenants/${tenant}/tokens`, {
    method: 'POST',
    json: { name: 'reader', scopes: ['models:read'] },
  });
  return String(Object(body).token);
}

test('a worker that starts knows what the others have found out of order', async (t) => {
  const broken = await startModel(t, (_call, response) => answer(response, { error: 'no' }, 503));
  const sound = await startModel(t);
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', '', {
        endpoints: [{ url: broken.url }, { url: sound.url, priority: 1 }],
        retry: { attempts: 3, backoff: 0 },
        health: { path: '/ready', interval: 3600 },
      }),
    ],
  });
  await endsOf(broker, await submitMany(broker, 'm', 40));
  while ((await firstEndpoint(broker))['state'] !== 'open') await sleep(50);
  const seen = await firstEndpoint(broker);
  t.like(seen, { url: `${broken.url}/`, weight: 1, priority: 0 });
  t.regex(String(seen['error']), /answered 503/);
  const tenant = await tokenOf(broker, 'someone');
  const known = await firstEndpoint(broker, { authorization: `Bearer ${tenant}` });
  t.deepEqual(Object.keys(known).sort(), ['failing', 'priority', 'since', 'state', 'weight']);
  const before = broken.calls.length;
  await broker.startWorker();
  await broker.workers[0]?.stop(10_000);
  const jobs = await endsOf(broker, await submitMany(broker, 'm', 40));
  t.deepEqual(statusesOf(jobs), ['succeeded']);
  // But for probes.
  t.true(broken.calls.length - before <= 3, `${broken.calls.length - before} more calls`);
});
