import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { saveDevelopmentToken } from '../../shared/redis/development-token.ts';
import { jsonModel, startTestBroker, TOKEN, type Answered } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { claimsOf, forge, hmac } from './forge.ts';
import { present, shareBroker } from './shared-broker.ts';

const JWT_SECRET = 'a secret of the tests, 32 bytes or more';
const model = await startScriptedModel();
test.after.always(() => model.stop());
const sharedBroker = shareBroker(async () => ({
  models: [jsonModel('echo', model.url), jsonModel('echo-large', model.url), jsonModel('other', model.url)],
  env: { JWT_SECRET, JWT_TENANT_CLAIM: 'https://issuer.example/tenant' },
}));

function bearer(tenant: string, changes: Record<string, unknown> = {}): { authorization: string } {
  const claims = claimsOf({ tenant: undefined, 'https://issuer.example/tenant': tenant, ...changes });
  return { authorization: `Bearer ${forge({ alg: 'HS256' }, claims, hmac(JWT_SECRET))}` };
}

test('a JWT submits a job for its tenant and reads it', async (t) => {
  const broker = await sharedBroker();
  const job = await broker.run({ model: 'echo', input: 1 }, bearer('acme'));
  t.is(job.status, 'succeeded');
  const { body } = await broker.request('/jobs', { headers: bearer('acme', { sub: 'bob' }) });
  t.regex(JSON.stringify(body), new RegExp(job.id));
});

test('another tenant’s job is answered byte for byte as one that is not there', async (t) => {
  const broker = await sharedBroker();
  const { id } = await broker.run({ model: 'echo', input: 'mine' }, bearer('acme'));
  // The first characters are of the model.
  const missing = `${id.slice(0, -12)}${'0'.repeat(12)}`;
  const routes: [method: string, path: (id: string) => string][] = [
    ['GET', (job) => `/jobs/${job}`],
    ['GET', (job) => `/jobs/${job}?wait=1&include=input,attempts`],
    ['GET', (job) => `/jobs/${job}/output`],
    ['GET', (job) => `/jobs/${job}/events`],
    ['GET', (job) => `/jobs/${job}/deliveries`],
    ['POST', (job) => `/jobs/${job}/cancel`],
    ['POST', (job) => `/jobs/${job}/retry`],
  ];
  for (const [method, path] of routes) {
    const ask = (job: string) => broker.request(path(job), { method, headers: bearer('globex') });
    const theirs = await ask(id);
    t.is(theirs.status, 404, path(id));
    t.deepEqual(sameParts(theirs), sameParts(await ask(missing)), path(id));
  }
  const { body } = await broker.request('/jobs', { headers: bearer('globex') });
  t.notRegex(JSON.stringify(body), new RegExp(id));
});

/** All of an answer that a client sees, but for the time and the request's own id. */
function sameParts({ status, headers, text }: Answered): unknown {
  const all = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  return { status, headers: all, text };
}

test('without the scope that a route needs the answer is 403, with admin it is not', async (t) => {
  const broker = await sharedBroker();
  const post = (scope: string | undefined) =>
    broker.request('/jobs', {
      method: 'POST',
      json: { model: 'echo', input: 1, cache: 'bypass' },
      headers: bearer('acme', { scope }),
    });
  for (const scope of [undefined, '', 'jobs:read', 'jobs:writer', 'JOBS:WRITE', 'jobs:write,jobs:read']) {
    const { status, headers, body } = await post(scope);
    t.is(status, 403, scope);
    t.like(body, { error_type: 'forbidden', detail: 'The credential lacks the scope jobs:write.' });
    t.is(headers.get('www-authenticate'), null);
  }
  t.is((await post('admin')).status, 202);
  t.is((await post('  jobs:read  jobs:write')).status, 202);
});

test('a model outside the allow list is 403, whichever way the list is written', async (t) => {
  const broker = await sharedBroker();
  const post = async (name: string, models: unknown): Promise<number> => {
    const json = { model: name, input: 1, cache: 'bypass' };
    return (await broker.request('/jobs', { method: 'POST', json, headers: bearer('acme', { models }) }))
      .status;
  };
  for (const models of [['echo*'], 'echo*', ['unheard-of', 'echo', 'echo-large'], 'echo echo-large']) {
    t.is(await post('echo', models), 202);
    t.is(await post('echo-large', models), 202);
    t.is(await post('other', models), 403);
  }
  for (const models of [[], '', ' ', ['']]) t.is(await post('echo', models), 403);
  t.is(await post('other', undefined), 202);
  const { body } = await broker.request('/models', { headers: bearer('acme', { models: ['other'] }) });
  t.like(body, { data: [{ name: 'other' }] });
});

test('an API token that was accepted is refused within 5 s of its revocation', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  t.is((await present(broker, TOKEN)).status, 200);
  await saveDevelopmentToken(broker.redisUrl, 'ifq_another');
  const revoked = performance.now();
  while ((await present(broker, TOKEN)).status === 200) {
    t.true(performance.now() - revoked < 5000);
    await sleep(100);
  }
  const { headers } = await present(broker, TOKEN);
  t.is(
    headers.get('www-authenticate'),
    'Bearer realm="inferq", error="invalid_token", error_description="The credential is not known, or not any more."',
  );
});

test('where JWTs are not configured none is accepted', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  for (const secret of ['', 'undefined', JWT_SECRET]) {
    const { status, body } = await present(broker, forge({ alg: 'HS256' }, claimsOf(), hmac(secret)));
    t.is(status, 401);
    t.like(body, { detail: 'The credential is not known, or not any more.' });
  }
});
