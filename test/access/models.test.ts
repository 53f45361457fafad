import test from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';

const URL_OF_NOBODY = 'http://127.0.0.1:9';

function specOf(more: object = {}): object {
  return { protocol: 'json', endpoints: [{ url: URL_OF_NOBODY }], ...more };
}

function as(id: string): { headers: Record<string, string> } {
  return { headers: { 'x-request-id': id } };
}

function start(t: Parameters<typeof startTestBroker>[0]): Promise<TestBroker> {
  return startTestBroker(t, { models: [jsonModel('other', URL_OF_NOBODY)], workers: 0 });
}

test('an admin sees a model that its tenant may not use; for others it does not exist', async (t) => {
  const broker = await start(t);
  await putTenant(broker, 'acme', {});
  await putTenant(broker, 'globex', {});
  const acme = bearer((await makeToken(broker, 'acme')).token);
  const globex = bearer((await makeToken(broker, 'globex')).token);
  const json = specOf({ access: { tenants: ['acme'] } });
  t.is((await broker.request('/models/m', { method: 'PUT', json })).status, 201);
  t.is((await broker.request('/models/m')).status, 200);
  t.regex((await broker.request('/models')).text, /"name":"m"/);
  t.is((await broker.request('/models/m', { headers: acme })).status, 200);
  t.is((await broker.request('/models/m', { headers: globex })).status, 404);
  t.notRegex((await broker.request('/models', { headers: globex })).text, /"name":"m"/);
  // To look at it is one thing, to use it another.
  t.is((await broker.request('/jobs', { method: 'POST', json: { model: 'm', input: 1 } })).status, 404);
});

test('a version that a tenant may not use takes none of its jobs', async (t) => {
  const broker = await start(t);
  await putTenant(broker, 'acme', {});
  const acme = bearer((await makeToken(broker, 'acme')).token);
  await broker.request('/models/m', { method: 'PUT', json: specOf() });
  const json = specOf({ access: { tenants: ['beta'] } });
  t.is((await broker.request('/models/m@2', { method: 'PUT', json })).status, 201);
  const job = await broker.submit({ model: 'm', input: 1 }, acme);
  t.is(job.version, '1');
  t.like((await broker.request('/models/m', { headers: acme })).body, { version: '1' });
  t.like((await broker.request('/models/m')).body, { version: '2' });
  const pinned = { method: 'POST', json: { model: 'm@2', input: 1 }, headers: acme };
  t.is((await broker.request('/jobs', pinned)).status, 404);
});

test('an admin whose credential names models changes those alone', async (t) => {
  const broker = await start(t);
  await putTenant(broker, 'ops', {});
  const { token } = await makeToken(broker, 'ops', { scopes: ['admin'], models: ['a*'] });
  const headers = bearer(token);
  for (const [method, path] of [
    ['PUT', '/models/b'],
    ['PUT', '/models/b@2'],
    ['DELETE', '/models/other'],
    ['POST', '/models/other/pause'],
    ['POST', '/models/other/resume'],
    ['POST', '/models/other/redrive'],
  ] as const) {
    const json = method === 'PUT' ? specOf() : {};
    t.is((await broker.request(path, { method, json, headers })).status, 403, `${method} ${path}`);
  }
  t.is((await broker.request('/models/a1', { method: 'PUT', json: specOf(), headers })).status, 201);
  t.is((await broker.request('/models/other', { headers })).status, 403);
});

test('every change of a model is on record: who, what, and from where', async (t) => {
  const broker = await start(t);
  await broker.request('/models/m', { method: 'PUT', json: specOf(), ...as('request-put') });
  await broker.request('/models/m', { method: 'PUT', json: specOf({ timeout: 0 }), ...as('request-bad') });
  for (const verb of ['pause', 'resume', 'redrive'])
    await broker.request(`/models/m/${verb}`, { method: 'POST', ...as(`request-${verb}`) });
  await broker.request('/models/m', { method: 'DELETE', ...as('request-delete') });
  const { body } = await broker.request('/audit');
  const by = { tenant: 'dev', subject: 'token:development' };
  t.like(body, {
    data: [
      { ...by, action: 'model.delete', target: 'm@1', request_id: 'request-delete' },
      { ...by, action: 'model.redrive', target: 'm', request_id: 'request-redrive' },
      { ...by, action: 'model.resume', target: 'm', request_id: 'request-resume' },
      { ...by, action: 'model.pause', target: 'm', request_id: 'request-pause' },
      { ...by, action: 'model.create', target: 'm@1', request_id: 'request-put' },
    ],
    next: null,
  });
  const entries: { address: string }[] = Object(body).data;
  for (const { address } of entries) t.regex(address, /127\.0\.0\.1$/);
});

test('models:write pauses and redrives what it may use, and runs no job of another tenant again', async (t) => {
  let status = 400;
  const model = await startScriptedModel((call, response) => answer(response, call.body, status));
  t.teardown(model.stop);
  const shut = jsonModel('shut', model.url, { access: { tenants: ['globex'] } });
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url), shut] });
  await putTenant(broker, 'acme', {});
  await putTenant(broker, 'globex', {});
  const scopes = ['models:write', 'jobs:write', 'jobs:read'];
  const acme = bearer((await makeToken(broker, 'acme', { scopes })).token);
  const narrow = bearer((await makeToken(broker, 'acme', { scopes, models: ['n*'] })).token);
  const globex = bearer((await makeToken(broker, 'globex')).token);
  const mine = await broker.run({ model: 'm', input: 'mine' }, acme);
  const theirs = await broker.run({ model: 'm', input: 'theirs' }, globex);
  t.deepEqual([mine.status, theirs.status], ['failed', 'failed']);
  status = 200;
  const post = (path: string, headers: Record<string, string>, json: unknown = {}) =>
    broker.request(path, { method: 'POST', json, headers });
  t.is((await post('/models/m/redrive', acme, { tenant: 'globex' })).status, 403);
  t.like((await post('/models/m/redrive', acme)).body, { redriven: 1, stopped: null });
  t.like((await post('/models/m/redrive', acme, { tenant: 'acme' })).body, { redriven: 0 });
  const read = async (id: string, headers: Record<string, string>) =>
    Object((await broker.request(`/jobs/${id}?wait=20`, { headers })).body).status;
  t.is(await read(mine.id, acme), 'succeeded');
  t.is(await read(theirs.id, globex), 'failed');
  t.like((await post('/models/m/pause', acme)).body, { paused: true });
  t.like((await post('/models/m/resume', acme)).body, { paused: false });
  for (const action of ['pause', 'resume', 'redrive']) {
    t.is((await post(`/models/shut/${action}`, acme)).status, 404, `${action} of a model for others`);
    t.is((await post(`/models/m/${action}`, narrow)).status, 403, `${action} outside of the list`);
    t.is((await post(`/models/m/${action}`, globex)).status, 403, `${action} without the scope`);
    t.true((await post(`/models/shut/${action}`, {})).status < 300, `${action} by an admin`);
  }
  const put = { method: 'PUT', json: specOf(), headers: acme };
  t.is((await broker.request('/models/m', put)).status, 403);
  t.is((await broker.request('/models/m', { method: 'DELETE', headers: acme })).status, 403);
  t.like((await post('/models/m/redrive', {})).body, { redriven: 1 });
  t.is(await read(theirs.id, globex), 'succeeded');
});
