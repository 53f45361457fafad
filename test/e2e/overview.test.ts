import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { startModel } from '../support/many-jobs.ts';
import { answer } from '../support/scripted-model.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';
import { until } from '../support/until.ts';

test('the overview tells what ended, failed and was cached, who works, and on what', async (t) => {
  const server = await startModel(t, ({ body }, response) =>
    body === 'bad' ? answer(response, { detail: 'No' }, 500) : answer(response, { echo: body }),
  );
  const broker = await startTestBroker(t, { models: [jsonModel('m', server.url)] });
  const read = async () => Object((await broker.request('/overview')).body);
  for (const input of ['good', 'good', 'bad']) await broker.run({ model: 'm', input });
  // It is counted once a second, and how the endpoints do is told by itself.
  await until(async () => {
    const { activity, failing } = Object(lineOf(await read()));
    return failing && sum(activity.ended) === 2 && sum(activity.hits) === 1;
  });
  const overview = await read();
  const { activity, ...line } = Object(lineOf(overview));
  t.is(sum(activity.failed), 1);
  t.is(activity.step, 10);
  t.true(activity.rate > 0);
  t.like(line, {
    name: 'm',
    version: '1',
    backlog: 0,
    running: 0,
    paused: false,
    state: 'closed',
    failing: true,
  });
  for (const quantile of ['p50', 'p95', 'p99', 'wait_p50', 'wait_p95', 'wait_p99'])
    t.true(line[quantile] > 0, quantile);
  t.is(overview.workers.length, 1);
  t.like(overview.workers[0], { roles: ['models', 'webhooks'], running: 0 });
  t.deepEqual(overview.webhooks, { owed: 0, overdue: 0 });
  t.is(overview.redis.durability, 'fsync');
  t.true(overview.redis.memory.used > 0);

  const { body } = await broker.request('/failures');
  t.deepEqual(body, { data: [{ model: 'm', error_type: 'model_error', count: 1 }], next: null });
  const listed = Object((await broker.request('/jobs?error_type=model_error')).body);
  t.is(listed.data.length, 1);
  t.is(Object((await broker.request('/jobs?error_type=model_timeout')).body).data.length, 0);

  await Promise.all(broker.workers.map((worker) => worker.stop(10_000)));
  t.deepEqual((await read()).workers, [], 'who stops is gone at once');

  const { id } = await broker.submit({ model: 'm', input: 'later', webhook: server.url });
  await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  t.is((await read()).webhooks.owed, 1);
});

test('the overview tells admins what a worker cannot use', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('f', 'http://127.0.0.1:9')] });
  const endpoints = [
    { url: 'http://127.0.0.1:9/', headers: { authorization: 'Bearer ${INFERQ_SECRET_ABSENT}' } },
  ];
  const put = await broker.request('/models/m', { method: 'PUT', json: { protocol: 'json', endpoints } });
  t.is(put.status, 201, put.text);
  await until(async () => {
    const { workers } = Object((await broker.request('/overview')).body);
    return /m@1.*INFERQ_SECRET_ABSENT is not set/.test(workers[0].warnings[0]);
  });
});

test('who is no admin is told nothing of workers, webhooks, Redis and other tenants', async (t) => {
  const server = await startModel(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', server.url)] });
  await putTenant(broker, 'acme', {});
  const { id: tokenId, token } = await makeToken(broker, 'acme', {
    scopes: ['jobs:write', 'jobs:read', 'models:read'],
  });
  const { id } = await broker.run({ model: 'm', input: 1 });
  const asAcme = (where: string, method = 'GET') => broker.request(where, { method, headers: bearer(token) });

  const { body } = await asAcme('/overview');
  t.like(body, { workers: null, webhooks: null, redis: null });
  t.deepEqual((await asAcme('/me')).body, {
    tenant: 'acme',
    subject: `token:${tokenId}`,
    scopes: ['jobs:write', 'jobs:read', 'models:read'],
    models: ['*'],
  });
  for (const tenant of ['dev', 'acme', 'none'])
    for (const [where, method] of [
      [`/tenants/${tenant}/jobs`, 'GET'],
      [`/tenants/${tenant}/jobs/${id}`, 'GET'],
      [`/tenants/${tenant}/jobs/${id}/output`, 'GET'],
      [`/tenants/${tenant}/jobs/${id}/events`, 'GET'],
      [`/tenants/${tenant}/jobs/${id}/deliveries`, 'GET'],
      [`/tenants/${tenant}/jobs/${id}/cancel`, 'POST'],
      [`/tenants/${tenant}/jobs/${id}/retry`, 'POST'],
      [`/tenants/${tenant}/failures`, 'GET'],
    ] as const)
      t.is((await asAcme(where, method)).status, 403, `${method} ${where}`);
});

test('an admin sees the jobs of a tenant page by page, cancels one, and that is written down', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  await putTenant(broker, 'acme', {});
  const { token } = await makeToken(broker, 'acme');
  const theirs: string[] = [];
  for (const input of [1, 2, 3])
    theirs.unshift((await broker.submit({ model: 'm', input }, bearer(token))).id);
  const own = await broker.submit({ model: 'm', input: 4 });

  const seen: string[] = [];
  for (let next: string | null = '/tenants/acme/jobs?limit=2&model=m'; next;) {
    const page: { data: { id: string }[]; next: string | null } = Object((await broker.request(next)).body);
    seen.push(...page.data.map(({ id }) => id));
    ({ next } = page);
    t.true(next === null || next.startsWith('/tenants/acme/jobs?'), String(next));
  }
  t.deepEqual(seen, theirs);
  const [id] = theirs;
  t.is((await broker.request(`/jobs/${id}`)).status, 404, 'not among the own');
  t.is((await broker.request(`/tenants/acme/jobs/${own.id}`)).status, 404, 'nor the own among theirs');
  t.like((await broker.request(`/tenants/acme/jobs/${id}?include=input`)).body, { id, input: 3 });

  const canceled = await broker.request(`/tenants/acme/jobs/${id}/cancel`, { method: 'POST' });
  t.like(canceled.body, { id, status: 'canceled' });
  const { data } = Object((await broker.request('/audit')).body);
  t.like(data[0], { action: 'job.cancel', target: `acme/${id}`, tenant: 'dev' });
});

test('where an admin goes on with the jobs of a tenant is told beside them, and nothing in them is changed', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  await putTenant(broker, 'acme', {});
  const { token } = await makeToken(broker, 'acme');
  const metadata = { next: '/jobs?limit=1' };
  for (const input of [1, 2]) await broker.submit({ model: 'm', input, metadata }, bearer(token));

  const { data, next } = Object((await broker.request('/tenants/acme/jobs?limit=1')).body);
  t.deepEqual(data[0].metadata, metadata);
  t.regex(next, /^\/tenants\/acme\/jobs\?limit=1&cursor=/);
  const { id } = data[0];
  await broker.request(`/tenants/acme/jobs/${id}/cancel`, { method: 'POST' });
  const retried = await broker.request(`/tenants/acme/jobs/${id}/retry`, { method: 'POST' });
  t.is(retried.status, 202);
  t.like((await broker.request(retried.headers.get('location') ?? '')).body, { id, status: 'queued' });
});

function lineOf(overview: { models: { activity: Record<string, number[]> }[] }) {
  return overview.models[0];
}

function sum(values: number[] = []): number {
  return values.reduce((all, value) => all + value, 0);
}
