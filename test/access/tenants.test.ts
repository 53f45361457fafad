import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { bearer, makeToken, putTenant as put } from '../support/tenant.ts';

async function start(t: Parameters<typeof startTestBroker>[0]): Promise<TestBroker> {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  return startTestBroker(t, { models: [jsonModel('m', model.url), jsonModel('other', model.url)], apis: 2 });
}

test('a tenant is made, read, changed and removed', async (t) => {
  const broker = await start(t);
  const contract = {
    rate: { limit: 100, window: 60 },
    max_queued: 1000,
    weight: 1,
    budget: null,
    models: ['*'],
  };
  const made = await put(broker, 'acme', contract);
  t.is(made.status, 201);
  t.like(made.body, { id: 'acme', ...contract });
  const changed = await put(broker, 'acme', {});
  t.is(changed.status, 200);
  t.like(changed.body, { rate: null, max_queued: null, weight: 1, models: ['*'] });
  t.is((await put(broker, 'Not A Name', {})).status, 400);
  t.is((await put(broker, 'acme', { weight: 0 })).status, 400);
  t.is((await put(broker, 'acme', { colour: 'red' })).status, 400);
  t.is((await broker.request('/tenants/acme', { method: 'DELETE' })).status, 204);
  t.is((await broker.request('/tenants/acme')).status, 404);
});

test('the settings of a tenant are in force at once where they were made, changed and removed', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', {});
  const { token } = await makeToken(broker, 'acme');
  const submit = async (input: number) => {
    const json = { model: 'm', input };
    return (await broker.request('/jobs', { method: 'POST', headers: bearer(token), json })).status;
  };
  t.is(await submit(0), 202);
  await put(broker, 'acme', { models: ['other'] });
  t.is(await submit(1), 403);
  await put(broker, 'acme', { rate: { limit: 1, window: 60 } });
  t.is(await submit(2), 202);
  t.is(await submit(3), 429);
});

test('a token is shown once, works with its scopes, and is dead everywhere within five seconds of its revocation', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', {});
  const { id, token } = await makeToken(broker, 'acme');
  t.regex(token, /^ifq_[A-Za-z0-9_-]{43}$/);
  for (const url of broker.urls) t.is((await fetch(`${url}/jobs`, { headers: bearer(token) })).status, 200);
  t.is((await broker.request('/tenants', { headers: bearer(token) })).status, 403);
  const { text, body } = await broker.request('/tenants/acme/tokens');
  t.false(text.includes(token));
  t.like(body, { data: [{ id, tenant: 'acme', name: 'test', prefix: token.slice(0, 10) }] });
  t.regex(text, /"last_used_at":"20/);
  t.is((await broker.request(`/tokens/${id}`, { method: 'DELETE' })).status, 204);
  await sleep(4000);
  for (const url of broker.urls) t.is((await fetch(`${url}/jobs`, { headers: bearer(token) })).status, 401);
  t.is((await broker.request(`/tokens/${id}`, { method: 'DELETE' })).status, 404);
});

test('only the hash of a token is in Redis', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', {});
  const { token } = await makeToken(broker, 'acme');
  await broker.request('/jobs', { headers: bearer(token) });
  const { connect, PATIENT } = await import('../../shared/redis/connection.ts');
  const redis = connect(broker.redisUrl, PATIENT);
  t.teardown(() => redis.quit());
  const keys = await redis.keys('*');
  for (const key of keys) {
    const kind = await redis.type(key);
    const content =
      kind === 'string'
        ? await redis.get(key)
        : kind === 'hash'
          ? JSON.stringify(await redis.hgetall(key))
          : '';
    t.false(`${key} ${content}`.includes(token.slice(10)), key);
  }
});

test('a token ends at its time, and its models are all that it may use', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', {});
  const soon = new Date(Date.now() + 1500).toISOString();
  const brief = await makeToken(broker, 'acme', { expires_at: soon });
  t.is((await broker.request('/jobs', { headers: bearer(brief.token) })).status, 200);
  const narrow = await makeToken(broker, 'acme', { models: ['oth*'] });
  const post = (model: string) =>
    broker.request('/jobs', { method: 'POST', json: { model, input: 1 }, headers: bearer(narrow.token) });
  t.is((await post('other')).status, 202);
  const refused = await post('m');
  t.is(refused.status, 403);
  const { body } = await broker.request('/models', { headers: bearer(narrow.token) });
  t.like(body, { data: [{ name: 'other' }] });
  await sleep(4000);
  t.is((await broker.request('/jobs', { headers: bearer(brief.token) })).status, 401);
  const past = { name: 'x', scopes: ['jobs:read'], expires_at: '2020-01-01T00:00:00Z' };
  t.is((await broker.request('/tenants/acme/tokens', { method: 'POST', json: past })).status, 400);
});

test('the end of a token is told in UTC, and a time that there is not makes no token', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', {});
  const post = (expires_at: string) =>
    broker.request('/tenants/acme/tokens', {
      method: 'POST',
      json: { name: 'x', scopes: ['jobs:read'], expires_at },
    });
  for (const bad of [
    '2998-12-31T23:59:60Z',
    '2998-02-30T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    'soon',
    '',
  ]) {
    const refused = await post(bad);
    t.is(refused.status, 400, bad);
    t.like(refused.body, { error_type: 'invalid_request', errors: [{ pointer: '/expires_at' }] }, bad);
  }
  const list = async () => Object((await broker.request('/tenants/acme/tokens')).body).data;
  t.deepEqual(await list(), []);
  const expires_at = '2999-01-01T10:30:00.000Z';
  t.like((await post('2999-01-01T12:30:00+02:00')).body, { expires_at });
  t.like(await list(), [{ expires_at }]);
});

test('a tenant that submits faster than its rate is told how long to wait', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', { rate: { limit: 3, window: 3000 } });
  const { token } = await makeToken(broker, 'acme');
  const post = (by: string) =>
    broker.request('/jobs', { method: 'POST', json: { model: 'm', input: 1 }, headers: bearer(by) });
  const granted = [await post(token), await post(token), await post(token)];
  t.true(granted.every(({ status }) => status === 202 || status === 200));
  t.is(granted[0]?.headers.get('ratelimit-policy'), '"tenant";q=3;w=3000');
  t.regex(granted[0]?.headers.get('ratelimit') ?? '', /^"tenant";r=2;t=\d+$/);
  const refused = await post(token);
  t.is(refused.status, 429);
  t.like(refused.body, { error_type: 'rate_limited' });
  const wait = Number(refused.headers.get('retry-after'));
  t.true(wait > 900 && wait <= 1000, `${wait} s until one is there again`);
  t.is(refused.headers.get('ratelimit'), `"tenant";r=0;t=${wait}`);

  await put(broker, 'quick', { rate: { limit: 1, window: 1 } });
  const quick = await makeToken(broker, 'quick');
  for (let at = 0; at < 3; at++) {
    t.true((await post(quick.token)).status < 300, 'it fills up again');
    await sleep(1100);
  }
});

test('a repeated Idempotency-Key gives its job also when the rate is used up', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', { rate: { limit: 1, window: 600 } });
  const { token } = await makeToken(broker, 'acme');
  const post = (key: string) =>
    broker.request('/jobs', {
      method: 'POST',
      json: { model: 'm', input: 1 },
      headers: { ...bearer(token), 'idempotency-key': key },
    });
  const first = await post('one');
  t.is((await post('two')).status, 429);
  const again = await post('one');
  t.true(again.status < 300);
  t.is(Object(again.body).id, Object(first.body).id);
});

test('max_queued bounds what waits of a tenant over all models', async (t) => {
  const broker = await startTestBroker(t, {
    models: [jsonModel('a', 'http://127.0.0.1:9'), jsonModel('b', 'http://127.0.0.1:9')],
    workers: 0,
  });
  await put(broker, 'acme', { max_queued: 3 });
  const { token } = await makeToken(broker, 'acme');
  const post = (model: string, input: number) =>
    broker.request('/jobs', { method: 'POST', json: { model, input }, headers: bearer(token) });
  for (const [at, model] of ['a', 'b', 'a'].entries()) t.is((await post(model, at)).status, 202);
  const refused = await post('b', 4);
  t.is(refused.status, 429);
  t.like(refused.body, { error_type: 'tenant_backlog_full' });
  const wait = refused.headers.get('retry-after');
  t.truthy(wait);
  t.is(refused.headers.get('ratelimit-policy'), '"backlog";q=3;qu="jobs"');
  t.is(refused.headers.get('ratelimit'), `"backlog";r=0;t=${wait}`);
  t.regex(Object(refused.body).detail, /3 jobs waiting over all models \(its max_queued\).*try again in/);
  t.is((await broker.submit({ model: 'b', input: 5 })).status, 'queued', 'another tenant has room');
});

test('who changed what, when and from where is on record', async (t) => {
  const broker = await start(t);
  await put(broker, 'acme', {});
  const { id } = await makeToken(broker, 'acme');
  await broker.request(`/tokens/${id}`, { method: 'DELETE', headers: { 'x-request-id': 'revocation-1' } });
  const { body } = await broker.request('/audit');
  t.like(body, {
    data: [
      {
        action: 'token.revoke',
        target: `acme/${id}`,
        tenant: 'dev',
        subject: 'token:development',
        request_id: 'revocation-1',
      },
      { action: 'token.create', target: `acme/${id}` },
      { action: 'tenant.create', target: 'acme' },
    ],
    next: null,
  });
  t.regex(JSON.stringify(body), /"address":"(::ffff:)?127\.0\.0\.1"/);
});

test('whoever waits or reads along with a token that is revoked meanwhile is let go within five seconds', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  await put(broker, 'acme', {});
  const { id, token } = await makeToken(broker, 'acme');
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await broker.request('/jobs', { method: 'POST', headers, json: { model: 'm', input: 1 } });
  const path = `/jobs/${Object(body).id}`;
  const revoked = async (): Promise<number> => {
    await broker.request(`/tokens/${id}`, { method: 'DELETE' });
    return performance.now();
  };
  const [waited, read, since] = await Promise.all([
    broker.request(`${path}?wait=30`, { headers }),
    broker.request(`${path}/events`, { headers }),
    revoked(),
  ]);
  t.true(performance.now() - since < 10_000);
  t.like(waited, { status: 401, body: { error_type: 'unauthenticated' } });
  t.is(read.status, 200);
  t.notRegex(read.text, /event: done/);
});

test('whoever is refused after the rate was asked is told what is left of it, beside the backlog that is full', async (t) => {
  const queue = { max_depth_per_tenant: 1 };
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9', { queue, input_schema: { type: 'string' } })],
    workers: 0,
  });
  await put(broker, 'acme', { rate: { limit: 9, window: 3000 } });
  const { token } = await makeToken(broker, 'acme');
  const post = (path: string, json?: unknown) =>
    broker.request(path, { method: 'POST', headers: bearer(token), ...(json ? { json } : {}) });
  const first = Object((await post('/jobs', { model: 'm', input: 'first' })).body).id;
  await post(`/jobs/${first}/cancel`);
  t.is((await post('/jobs', { model: 'm', input: 'second' })).status, 202);
  const again = [await post('/jobs', { model: 'm', input: 'third' }), await post(`/jobs/${first}/retry`)];
  for (const [at, refused] of again.entries()) {
    t.like([refused.status, Object(refused.body).error_type], [429, 'tenant_backlog_full']);
    t.is(refused.headers.get('ratelimit-policy'), '"tenant";q=9;w=3000, "backlog";q=1;qu="jobs"');
    t.regex(
      refused.headers.get('ratelimit') ?? '',
      new RegExp(`^"tenant";r=${6 - at};t=\\d+, "backlog";r=0;t=\\d+$`),
    );
    t.regex(Object(refused.body).detail, /1 jobs waiting for m \(queue\.max_depth_per_tenant\)/);
  }
  const misfit = await post('/jobs', { model: 'm', input: 4 });
  t.is(misfit.status, 422);
  t.regex(misfit.headers.get('ratelimit') ?? '', /^"tenant";r=4;t=\d+$/);
});
