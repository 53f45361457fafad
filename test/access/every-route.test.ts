import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { SCOPES, type Scope } from '../../shared/principal.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createTokenStore, newToken } from '../../shared/redis/token-store.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';

const TABLE = path.join(import.meta.dirname, '../../docs/authorization.md');

/** `GET /jobs` → its scope, as the document says. */
async function readTable(): Promise<Map<string, string>> {
  const rows = [...(await readFile(TABLE, 'utf8')).matchAll(/^\| `([A-Z]+ [^`]+)` *\| `?([a-z:]+)`? *\|/gm)];
  return new Map(rows.map(([, route = '', scope = '']) => [route, scope]));
}

async function readRoutes(broker: TestBroker): Promise<string[]> {
  const { body } = await broker.request('/openapi.json');
  const paths: unknown = typeof body === 'object' && body && 'paths' in body ? body.paths : {};
  return Object.entries(Object(paths)).flatMap(([route, methods]) =>
    Object.keys(Object(methods)).map((method) => `${method.toUpperCase()} ${route}`),
  );
}

async function makeTokens(broker: TestBroker): Promise<Map<Scope, string>> {
  const redis = connect(broker.redisUrl, PATIENT);
  const store = createTokenStore(redis);
  const tokens = new Map<Scope, string>();
  for (const scope of SCOPES) {
    const token = newToken();
    await store.save(token, { tenant: 'one', name: scope, scopes: [scope], models: ['*'], expires_at: null });
    tokens.set(scope, token);
  }
  await redis.quit();
  return tokens;
}

test('every route is in the table, and asks each kind of principal for the scope that the table says', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const table = await readTable();
  const routes = await readRoutes(broker);
  t.deepEqual(routes.toSorted(), [...table.keys()].toSorted(), 'docs/authorization.md and the routes differ');
  const tokens = await makeTokens(broker);
  for (const route of routes) {
    const [method = '', template = ''] = route.split(' ');
    const where = template.replace(/\{\w+\}/g, 'none-such');
    const call = async (token: string | undefined): Promise<number> => {
      const headers = { authorization: token === undefined ? '' : `Bearer ${token}` };
      return (await broker.request(where, { method, headers })).status;
    };
    const needed = table.get(route);
    if (needed === 'none') {
      t.is(await call(undefined), 200, route);
      continue;
    }
    t.is(await call(undefined), 401, `${route} without a credential`);
    t.is(await call('ifq_forged'), 401, `${route} with a forged one`);
    for (const [scope, token] of tokens) {
      const allowed = needed === 'any' || scope === needed || scope === 'admin';
      const status = await call(token);
      t.is(status !== 403, allowed, `${route} with ${scope}: ${status}`);
      t.not(status, 401, `${route} with ${scope}`);
      t.true(status < 500, `${route} with ${scope}: ${status}`);
    }
  }
});

test('another tenant’s job is answered as if there were none, to the byte and in the same time', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const redis = connect(broker.redisUrl, PATIENT);
  const stranger = newToken();
  const token = { tenant: 'stranger', name: 's', scopes: [...SCOPES], models: ['*'], expires_at: null };
  await createTokenStore(redis).save(stranger, token);
  await redis.quit();
  const { id } = await broker.submit({ model: 'm', input: 'private' });
  const absent = `${id.slice(0, -4)}zzzz`;
  const ask = async (path: string, method: string) => {
    const started = performance.now();
    const { status, text, headers } = await broker.request(path, {
      method,
      headers: { authorization: `Bearer ${stranger}` },
    });
    const shown = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    return { answer: JSON.stringify({ status, text, shown }), milliseconds: performance.now() - started };
  };
  const routes: [string, string][] = [
    ['', 'GET'],
    ['?wait=1&include=input,attempts', 'GET'],
    ['/output', 'GET'],
    ['/events', 'GET'],
    ['/deliveries', 'GET'],
    ['/deliveries/msg_x/redeliver', 'POST'],
    ['/cancel', 'POST'],
    ['/retry', 'POST'],
  ];
  for (const [suffix, method] of routes) {
    const theirs = await ask(`/jobs/${id}${suffix}`, method);
    const nobodys = await ask(`/jobs/${absent}${suffix}`, method);
    t.is(theirs.answer, nobodys.answer, `${method} ${suffix}`);
    t.regex(theirs.answer, /"status":404/);
  }
  const times = { theirs: [] as number[], nobodys: [] as number[] };
  for (let round = 0; round < 100; round++) {
    times.theirs.push((await ask(`/jobs/${id}`, 'GET')).milliseconds);
    times.nobodys.push((await ask(`/jobs/${absent}`, 'GET')).milliseconds);
  }
  const [theirs, nobodys] = [median(times.theirs), median(times.nobodys)];
  t.log(`median: another's ${theirs.toFixed(2)} ms, nobody's ${nobodys.toFixed(2)} ms`);
  t.true(Math.abs(theirs - nobodys) < Math.max(5, nobodys / 2), `${theirs} and ${nobodys} ms`);
  t.is((await broker.job(id)).status, 'queued');
  const { body } = await broker.request('/jobs', { headers: { authorization: `Bearer ${stranger}` } });
  t.deepEqual(body, { data: [], next: null });
});

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
