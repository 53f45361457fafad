import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

test('jobs are listed newest first, page by page, by model, status and metadata', async (t) => {
  const model = await startScriptedModel((call, response) =>
    answer(response, 1, call.body === 'bad' ? 400 : 200),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('a', model.url), jsonModel('b', model.url)] });
  const made: string[] = [];
  for (let at = 0; at < 7; at++) {
    const input = at === 3 ? 'bad' : at;
    const job = { model: at % 2 ? 'b' : 'a', input, metadata: { parity: String(at % 2) } };
    made.unshift((await broker.run(job)).id);
  }
  t.deepEqual(await listIds(broker, '/jobs?limit=3'), made);
  t.deepEqual(await listIds(broker, '/jobs?model=b'), [made[1], made[3], made[5]]);
  t.deepEqual(await listIds(broker, '/jobs?metadata.parity=0&limit=2'), [made[0], made[2], made[4], made[6]]);
  t.deepEqual(await listIds(broker, '/jobs?status=failed'), [made[3]]);
  for (const query of ['status=lost', 'limit=0', 'limit=101', 'cursor=xx', 'colour=red'])
    t.is((await broker.request(`/jobs?${query}`)).status, 400, query);
});

test('a parameter that is given twice is refused, but for include, which adds up', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.run({ model: 'm', input: 1 });
  for (const path of [
    '/jobs?status=succeeded&status=failed',
    '/jobs?model=m&model=n',
    '/jobs?limit=1&limit=2',
    '/jobs?metadata.a=1&metadata.a=2',
    `/jobs/${id}?wait=5&wait=6`,
    `/jobs/${id}/output?redirect=true&redirect=false`,
    '/webhooks/deliveries?status=failed&status=succeeded',
    '/tenants/test/usage?to=2026-11-01&to=2026-11-02',
    '/audit?cursor=1-1&cursor=2-2',
  ]) {
    const { status, body } = await broker.request(path);
    const name = /&([a-z.]+)=/.exec(path)?.[1];
    t.like({ status, body }, { status: 400, body: { errors: [{ pointer: `?${name}` }] } }, path);
  }
  const both = await broker.request(`/jobs/${id}?include=input&include=attempts`);
  t.is(both.text, (await broker.request(`/jobs/${id}?include=input,attempts`)).text);
  t.like(both.body, { input: 1, attempts: [{ attempt: 1 }] });
});

test('the output alone comes as the model gave it', async (t) => {
  const model = await startScriptedModel((call, response) =>
    call.body === 'bad'
      ? answer(response, 1, 400)
      : void response.writeHead(200, { 'content-type': 'application/json' }).end('{"b": 1.50, "a": [ ]}'),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.run({ model: 'm', input: 1 });
  const output = await broker.request(`/jobs/${id}/output`);
  t.deepEqual([output.status, output.text], [200, '{"b":1.5,"a":[]}']);
  const failed = await broker.run({ model: 'm', input: 'bad' });
  t.is((await broker.request(`/jobs/${failed.id}/output`)).status, 409);
  t.is((await broker.request('/jobs/job_nothing/output')).status, 404);
});

test('a job that failed has no output, also when its data are removed', async (t) => {
  const model = await startScriptedModel((call, response) =>
    answer(response, 1, call.body === 'bad' ? 400 : 200),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, { retention: 1 })] });
  const [good, bad] = [
    await broker.run({ model: 'm', input: 1 }),
    await broker.run({ model: 'm', input: 'bad' }),
  ];
  for (const { id } of [good, bad]) await until(async () => (await broker.job(id)).data_removed);
  t.like((await broker.request(`/jobs/${good.id}/output`)).body, { status: 410, error_type: 'data_removed' });
  t.like((await broker.request(`/jobs/${bad.id}/output`)).body, {
    status: 409,
    error_type: 'output_not_ready',
  });
});

test('an unchanged job is answered 304 to its ETag, a changed one in full', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  while (model.calls.length === 0) await sleep(20);
  const first = await broker.request(`/jobs/${id}`);
  const etag = first.headers.get('etag') ?? '';
  const same = await broker.request(`/jobs/${id}`, { headers: { 'if-none-match': etag } });
  t.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', etag]);
  for (const tags of [`"other", ${etag}`, etag.replace('W/', ''), '*'])
    t.is((await broker.request(`/jobs/${id}`, { headers: { 'if-none-match': tags } })).status, 304, tags);
  await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  t.is((await broker.request(`/jobs/${id}`, { headers: { 'if-none-match': etag } })).status, 200);
});

test('a long poll answers as soon as the job ends, at whichever replica', async (t) => {
  const model = await startScriptedModel(async (_call, response) => {
    await sleep(800);
    answer(response, 'done');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], apis: 2 });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  const started = performance.now();
  const headers = { authorization: 'Bearer ifq_test-token' };
  const answers = await Promise.all(
    broker.urls.map(async (url) => (await fetch(`${url}/jobs/${id}?wait=30`, { headers })).json()),
  );
  t.true(performance.now() - started < 10_000);
  for (const job of answers) t.like(job, { id, status: 'succeeded', output: 'done' });
});

test('a read that waited says so, also where nothing has changed, and one that did not does not', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.run({ model: 'm', input: 1 });
  const read = (headers: Record<string, string>, query = '') =>
    broker.request(`/jobs/${id}${query}`, { headers });
  const waited = await read({ prefer: 'wait=3' });
  t.deepEqual([waited.status, waited.headers.get('preference-applied')], [200, 'wait=3']);
  const same = await read({ prefer: 'wait=3', 'if-none-match': waited.headers.get('etag') ?? '' });
  t.deepEqual([same.status, same.headers.get('preference-applied')], [304, 'wait=3']);
  t.is((await read({}, '?wait=2')).headers.get('preference-applied'), 'wait=2');
  t.is((await read({ prefer: 'return=minimal' })).headers.get('preference-applied'), null);
});

test('a queued job tells its place and, once jobs have run, when its turn should come', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  const ids: string[] = [];
  for (let at = 0; at < 3; at++) ids.push((await broker.submit({ model: 'm', input: at })).id);
  const places = await Promise.all(ids.map(async (id) => (await broker.job(id)).queue?.position));
  t.deepEqual(places, [1, 2, 3]);
});

async function listIds(broker: TestBroker, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | null = path; next !== null;) {
    const { status, body, text } = await broker.request(next);
    if (status !== 200 || !isPage(body)) throw new Error(text);
    ids.push(...body.data.map(({ id }) => id));
    next = body.next;
  }
  return ids;
}

function isPage(body: unknown): body is { data: { id: string }[]; next: string | null } {
  return typeof body === 'object' && body !== null && 'data' in body && 'next' in body;
}
