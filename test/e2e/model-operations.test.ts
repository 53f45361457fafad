import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';
import { until } from '../support/until.ts';

function post(broker: TestBroker, path: string, json?: unknown) {
  return broker.request(path, { method: 'POST', ...(json === undefined ? {} : { json }) });
}

async function show(broker: TestBroker, name: string) {
  return Object((await broker.request(`/models/${name}`)).body);
}

test('a paused model accepts jobs, finishes what runs, starts nothing, and goes on when it is resumed', async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const model = await startScriptedModel(async (call, response, count) => {
    if (count === 1) await held;
    answer(response, { echo: call.body });
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const first = await broker.submit({ model: 'm', input: 'first' });
  while (model.calls.length === 0) await sleep(10);
  const paused = await post(broker, '/models/m/pause');
  t.is(paused.status, 200);
  t.like(paused.body, { name: 'm', paused: true, running: 1 });
  t.is((await post(broker, '/models/m/pause')).status, 200, 'twice is harmless');
  release();
  t.is((await broker.job(first.id, '?wait=10')).status, 'succeeded');
  const waiting = await broker.submit({ model: 'm', input: 'waiting' });
  const mortal = await broker.submit({ model: 'm', input: 'mortal', ttl: 0.5 });
  const delayed = await broker.submit({ model: 'm', input: 'delayed', delay: 0.2 });
  t.is((await broker.job(mortal.id, '?wait=10')).status, 'expired', 'a ttl runs on');
  t.like(await broker.job(waiting.id), { status: 'queued', queue: { position: 1, eta: null } });
  t.is(model.calls.length, 1);
  t.like(await show(broker, 'm'), { paused: true, running: 0, backlog: 2 });
  const resumed = await post(broker, '/models/m/resume');
  t.like(resumed.body, { paused: false });
  for (const { id } of [waiting, delayed]) t.is((await broker.job(id, '?wait=10')).status, 'succeeded');
  t.is((await post(broker, '/models/m@1/pause')).status, 400);
  t.is((await post(broker, '/models/none/pause')).status, 404);
});

test('a paused model that is removed lets its jobs finish', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('other', model.url)] });
  const { name: _, ...spec } = jsonModel('m', model.url);
  await broker.request('/models/m', { method: 'PUT', json: spec });
  await post(broker, '/models/m/pause');
  const job = await broker.submit({ model: 'm', input: 1 });
  t.is((await broker.request('/models/m', { method: 'DELETE' })).status, 204);
  t.is((await broker.job(job.id, '?wait=20')).status, 'succeeded');
});

test('failed jobs of all tenants run again by a redrive, those that it names and no others', async (t) => {
  let status = 400;
  const model = await startScriptedModel((call, response) => answer(response, { echo: call.body }, status));
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url), jsonModel('n', model.url)] });
  const theirs = await tokenOf(broker, 'acme');
  const ids: string[] = [];
  const statusOf = async (id: string): Promise<string> => {
    for (const headers of [{}, theirs]) {
      const { body } = await broker.request(`/jobs/${id}?wait=20`, { headers });
      if (typeof Object(body).status === 'string') return Object(body).status;
    }
    return 'none';
  };
  // One after the other: the redrive goes by when they failed.
  const fail = async (input: string, headers = {}, name = 'm'): Promise<void> => {
    const { id } = await broker.submit({ model: name, input }, headers);
    t.is(await statusOf(id), 'failed');
    ids.push(id);
  };
  for (let at = 0; at < 8; at++) await fail(`mine ${at}`);
  const own = ids.slice();
  for (let at = 0; at < 3; at++) await fail(`theirs ${at}`, theirs);
  await fail('another model', {}, 'n');
  const redrive = async (json?: unknown) => (await post(broker, '/models/m/redrive', json)).body;
  t.deepEqual(await redrive({ error_type: 'model_timeout' }), { redriven: 0, stopped: null, next: null });
  t.deepEqual(await redrive({ since: '2999-01-01T00:00:00Z' }), { redriven: 0, stopped: null, next: null });
  for (const since of ['2016-12-31T23:59:60Z', '2026-02-30T00:00:00Z'])
    t.like(
      await redrive({ since }),
      { error_type: 'invalid_request', errors: [{ pointer: '/since' }] },
      since,
    );
  status = 200;
  t.deepEqual(await redrive({ tenant: 'acme' }), { redriven: 3, stopped: null, next: null });
  t.like(await redrive({ limit: 5, error_type: 'model_error' }), { redriven: 5, stopped: 'limit' });
  for (const id of own.slice(0, 5)) t.is(await statusOf(id), 'succeeded', 'the oldest first');
  const rest = await post(broker, '/models/m/redrive');
  t.is(rest.status, 202);
  t.deepEqual(rest.body, { redriven: 3, stopped: null, next: null });
  for (const id of ids.slice(0, -1)) t.is(await statusOf(id), 'succeeded');
  t.is(await statusOf(ids.at(-1) ?? ''), 'failed', 'of another model');
  t.deepEqual(await redrive(), { redriven: 0, stopped: null, next: null }, 'again is harmless');
  t.is((await post(broker, '/models/m/redrive', { everything: true })).status, 400);
  t.is((await post(broker, '/models/m/redrive', { limit: 0 })).status, 400);
});

test('a redrive leaves out who cannot pay, and nobody else', async (t) => {
  let status = 400;
  const model = await startScriptedModel((call, response) => answer(response, call.body, status));
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, { cost: 1 })] });
  const poor = await tokenOf(broker, 'poor');
  const theirs = await broker.run({ model: 'm', input: 'theirs' }, poor);
  const mine = await broker.run({ model: 'm', input: 'mine' });
  await putTenant(broker, 'poor', { budget: { limit: 0, period: 'day' } });
  status = 200;
  // A replica remembers a tenant's settings for two seconds.
  await sleep(2500);
  t.like((await post(broker, '/models/m/redrive')).body, { redriven: 1, stopped: null });
  t.is((await broker.job(mine.id, '?wait=20')).status, 'succeeded');
  const { body } = await broker.request(`/jobs/${theirs.id}`, { headers: poor });
  t.like(body, { status: 'failed' });
});

test('two redrives at once run no job twice, and a full backlog stops one', async (t) => {
  let status = 400;
  const model = await startScriptedModel((call, response) => answer(response, { echo: call.body }, status));
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { queue: { max_depth: 20 } })],
  });
  const ids: string[] = [];
  for (let at = 0; at < 30; at++) ids.push((await broker.run({ model: 'm', input: at })).id);
  const calls = model.calls.length;
  await post(broker, '/models/m/pause');
  status = 200;
  const answers = await Promise.all([1, 2].map(() => post(broker, '/models/m/redrive')));
  const counts = answers.map(({ body }) => Object(body).redriven);
  t.log(`redriven by two at once: ${counts.join(' and ')}`);
  t.is(counts[0] + counts[1], 20);
  t.true(answers.some(({ body }) => Object(body).stopped === 'full'));
  await post(broker, '/models/m/resume');
  while ((await show(broker, 'm')).backlog > 0) await sleep(20);
  t.like((await post(broker, '/models/m/redrive')).body, { redriven: 10, stopped: null });
  for (const id of ids) t.is((await broker.job(id, '?wait=20')).status, 'succeeded');
  t.is(model.calls.length, calls + 30);
});

test('a redrive that a full backlog stopped goes on with the jobs that found no room', async (t) => {
  let status = 400;
  const model = await startScriptedModel((call, response) => answer(response, call.body, status));
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { queue: { max_depth: 4 } })],
  });
  const failed: string[] = [];
  for (let at = 0; at < 10; at++) failed.push((await broker.run({ model: 'm', input: at })).id);
  status = 200;
  const counts: number[] = [];
  for (let since: string | undefined; since !== null && counts.length < 5;) {
    await post(broker, '/models/m/pause');
    const { body } = await post(broker, '/models/m/redrive', since === undefined ? {} : { since });
    counts.push(Object(body).redriven);
    since = Object(body).next;
    await post(broker, '/models/m/resume');
    await until(async () => (await show(broker, 'm')).backlog === 0);
  }
  t.deepEqual(counts, [4, 4, 2]);
  for (const id of failed) t.is((await broker.job(id, '?wait=20')).status, 'succeeded');
});

test('a canary gets its part of the jobs, pinned ones and repeated ones stay where they are', async (t) => {
  const [stable, canary] = await Promise.all([
    startScriptedModel((_, response) => answer(response, 'stable')),
    startScriptedModel((_, response) => answer(response, 'canary')),
  ]);
  t.teardown(() => Promise.all([stable.stop(), canary.stop()]));
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', stable.url), jsonModel('m', canary.url, { version: '2', traffic: 25 })],
  });
  t.like(await show(broker, 'm'), { version: '1', traffic: 75 });
  t.like(await show(broker, 'm@2'), { traffic: 25 });
  const inputs = Array.from({ length: 400 }, (_, at) => at);
  const jobs = await Promise.all(inputs.map((input) => broker.run({ model: 'm', input, cache: 'bypass' })));
  for (const { output, version } of jobs) t.is(output, version === '2' ? 'canary' : 'stable');
  const share = jobs.filter(({ version }) => version === '2').length / jobs.length;
  t.log(`the canary got ${(100 * share).toFixed(1)} % of ${jobs.length}`);
  // Five standard deviations: it fails by chance once in a million.
  t.true(Math.abs(share - 0.25) < 5 * Math.sqrt((0.25 * 0.75) / jobs.length), String(share));
  t.is((await broker.run({ model: 'm@1', input: 'pinned' })).version, '1');
  const key = { 'idempotency-key': 'one' };
  const { id, version } = await broker.run({ model: 'm', input: 'again' }, key);
  for (let time = 0; time < 10; time++)
    t.like(await broker.run({ model: 'm', input: 'again' }, key), { id, version });
  // The cache knows the version that an answer is from.
  for (let time = 0; time < 20; time++) {
    const job = await broker.run({ model: 'm', input: 'cached' });
    t.is(job.output, job.version === '2' ? 'canary' : 'stable');
  }
});

test('a model tells how fast it is and was, and tells admins alone where its spec is from', async (t) => {
  const model = await startScriptedModel(async (call, response) => {
    await sleep(100);
    answer(response, call.body);
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url), jsonModel('idle', model.url)],
  });
  t.like(await show(broker, 'm'), { p50: null, p95: null, wait_p50: null, wait_p95: null });
  for (let at = 0; at < 4; at++) await broker.run({ model: 'm', input: at });
  while ((await show(broker, 'm')).p50 === null) await sleep(50);
  const { p50, p95, wait_p95: wait } = await show(broker, 'm');
  t.log(`p50 ${p50} s, p95 ${p95} s, waits ${wait} s`);
  t.true(p50 >= 0.09 && p95 >= p50 && wait > 0);
  t.like(await show(broker, 'idle'), { p50: null });
  t.like(await show(broker, 'm'), {
    source: 'file',
    spec: { name: 'm', endpoints: [{ url: `${model.url}/` }] },
  });
  const { body, text } = await broker.request('/models/m', { headers: await tokenOf(broker, 'acme') });
  t.like(body, { name: 'm', p50 });
  t.false('source' in Object(body));
  t.false(text.includes(model.url));
});

/** The credential of a tenant that is no admin. */
async function tokenOf(broker: TestBroker, tenant: string): Promise<{ authorization: string }> {
  await putTenant(broker, tenant, {});
  return bearer((await makeToken(broker, tenant)).token);
}
