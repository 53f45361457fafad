import { once } from 'node:events';
import { createServer } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { freePort } from '../../cli/local/ports.ts';
import { startRole } from '../../cli/local/role-process.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { readApiConfig } from '../../shared/config.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { exchange, portOf } from '../support/raw-http.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

test('metrics are on the second listener alone, health on both', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  await broker.run({ model: 'm', input: 1 });
  t.is((await broker.request('/metrics')).status, 404);
  t.deepEqual((await broker.request('/healthz')).body, { status: 'ok' });
  t.like((await broker.request('/readyz')).body, {
    ready: true,
    checks: { redis: 'answers PONG', models: '1 served', durability: 'fsync' },
  });
  const second = broker.workers[0]?.url ?? '';
  const metrics = await (await fetch(`${second}/metrics`)).text();
  t.regex(metrics, /^inferq_jobs_ended_total\{model="m",status="succeeded",error_type=""\} 1$/m);
  t.regex(metrics, /^process_cpu_user_seconds_total /m);
  for (const path of ['/healthz', '/readyz']) t.is((await fetch(second + path)).status, 200, path);
});

test('the OpenAPI document describes each route, and each reference in it leads somewhere', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const { body, text } = await broker.request('/openapi.json');
  t.like(body, { openapi: '3.1.0', paths: { '/jobs': { post: { operationId: 'postJobs' } } } });
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  t.true(references.length > 10);
  for (const reference of references) t.truthy(at(body, reference.split('/')), reference);
});

test('the reference page and all it loads come from the broker itself', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const page = await broker.request('/docs');
  t.is(page.status, 200);
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
  t.is(loaded.length, 4);
  for (const address of loaded) {
    t.true(address.startsWith('/docs/'), address);
    t.is((await broker.request(address)).status, 200, address);
  }
  t.regex(page.headers.get('content-security-policy') ?? '', /default-src 'self'/);
  t.is((await broker.request('/docs/package.json')).status, 404);
});

test('a path that does not take a method says which it takes, HEAD among them where it takes GET', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const cases: [string, string, string][] = [
    ['DELETE', '/jobs', 'POST, GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['GET', '/jobs/job_x/cancel', 'POST'],
    ['POST', '/', 'GET, HEAD'],
    ['PUT', '/docs', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['DELETE', '/dashboard', 'GET, HEAD'],
    ['POST', '/dashboard/jobs', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of cases) {
    const { status, headers, body } = await broker.request(path, { method });
    t.deepEqual([status, headers.get('allow')], [405, allow], `${method} ${path}`);
    t.like(body, { error_type: 'method_not_allowed' });
  }
  for (const path of ['/jobs', '/healthz', '/', '/docs', '/openapi.json'])
    t.is((await broker.request(path, { method: 'HEAD' })).status, 200, path);
});

test('each answer of the second listener has a request id, of every role, and what is not there is a problem', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const port = await freePort();
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  await broker.startApi({ METRICS_PORT: String(port) });
  for (const url of [broker.workers[0]?.url ?? '', `http://127.0.0.1:${port}`]) {
    for (const path of ['/metrics', '/healthz', '/readyz', '/none', '/scaling/none']) {
      const answered = await fetch(url + path);
      t.regex(answered.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/, url + path);
    }
    const absent = await fetch(`${url}/none`, { headers: { 'x-request-id': 'my-request-0003' } });
    t.deepEqual([absent.status, absent.headers.get('x-request-id')], [404, 'my-request-0003']);
    t.is(absent.headers.get('content-type'), 'application/problem+json');
    t.like(await absent.json(), { status: 404, error_type: 'not_found' });
    for (const raw of ['nonsense\r\n\r\n', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'])
      t.regex((await exchange(portOf(url), raw)).answer, /^x-request-id: [0-9a-f-]{36}\r$/im, raw);
  }
  const scaling = await fetch(`http://127.0.0.1:${port}/scaling/none`);
  t.is(scaling.headers.get('content-type'), 'application/problem+json');
  t.like(await scaling.json(), { status: 404, error_type: 'model_not_found' });
});

test('every answer has a request id: the caller’s own where it does no harm in a log', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const own = await broker.request('/healthz', { headers: { 'x-request-id': 'my-request-0001' } });
  t.is(own.headers.get('x-request-id'), 'my-request-0001');
  const job = await broker.submit({ model: 'm', input: 1 }, { 'x-request-id': 'my-request-0002' });
  t.is(job.request_id, 'my-request-0002');
  for (const bad of ['short', 'a b c d e f g h', '{"level":50,"msg":"forged"}', 'x'.repeat(200)]) {
    const answered = await broker.request('/healthz', { headers: { 'x-request-id': bad } });
    t.regex(answered.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/, bad);
  }
});

test('a role that cannot start says every fault in a line for a person and exits 1', async (t) => {
  const start = async (file: string, env: Record<string, string>): Promise<string> => {
    const options = { name: file, file, log: `/tmp/inferq-fault-${process.pid}-${Math.random()}.log`, env };
    const error = await t.throwsAsync(startRole(options, new AbortController().signal));
    return error?.message ?? '';
  };
  for (const role of ['api/index.ts', 'workers/index.ts']) {
    const faults = await start(role, {
      PATH: '',
      METRICS_PORT: '70000',
      LOG_LEVEL: 'loud',
      INFERQ_MODELS: '/nope',
      HOST: '192.0.2.1',
    });
    t.regex(faults, /REDIS_URL is not set/, role);
    t.regex(faults, /METRICS_PORT is '70000': it must be a whole number from 0 to 65535/, role);
    t.regex(faults, /LOG_LEVEL is 'loud'/, role);
    t.regex(faults, /There is no model file or folder at \/nope/, role);
    t.regex(faults, /HOST is '192\.0\.2\.1': nobody can listen there/, role);
    const away = await start(role, { PATH: '', REDIS_URL: 'redis://:secret@127.0.0.1:9' });
    t.regex(
      away,
      /Cannot reach Redis at redis:\/\/127\.0\.0\.1:9: .*ECONNREFUSED.*Start it, or set REDIS_URL/,
      role,
    );
    t.notRegex(away, /secret/, role);
  }
});

test('a role whose port is taken names the variable that chooses another', async (t) => {
  const redis = await startTemporaryRedis();
  t.teardown(() => redis.stop());
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const address = other.address();
  const taken = String(typeof address === 'object' ? address?.port : 0);
  for (const [variable, free] of [
    ['METRICS_PORT', 'PORT'],
    ['PORT', 'METRICS_PORT'],
  ] as const) {
    const options = {
      name: 'api',
      file: 'api/index.ts',
      log: `/tmp/inferq-fault-${process.pid}-${Math.random()}.log`,
      env: { PATH: '', REDIS_URL: redis.url, INFERQ_MODELS: '', [variable]: taken, [free]: '0' },
    };
    const error = await t.throwsAsync(startRole(options, new AbortController().signal));
    t.true(error?.message.includes(`choose another port with ${variable}.`), error?.message);
  }
});

test('one port for both listeners is refused as what it is, any free port for both is not', (t) => {
  const env = { REDIS_URL: 'redis://127.0.0.1', PORT: '8080', METRICS_PORT: '8080' };
  t.throws(() => readApiConfig(env), {
    message: 'PORT and METRICS_PORT are both 8080: each of the two listeners needs its own.',
  });
  t.notThrows(() => readApiConfig({ ...env, PORT: '0', METRICS_PORT: '0' }));
});

test('a role refuses to start on a Redis that is less durable than was asked for', async (t) => {
  const redis = await startTemporaryRedis({ settings: { appendfsync: 'everysec' } });
  t.teardown(() => redis.stop());
  const options = {
    name: 'api',
    file: 'api/index.ts',
    log: `/tmp/inferq-fault-${process.pid}-${Math.random()}.log`,
  };
  const env = { PATH: '', REDIS_URL: redis.url, INFERQ_DURABILITY: 'fsync' };
  const error = await t.throwsAsync(startRole({ ...options, env }, new AbortController().signal));
  t.regex(
    error?.message ?? '',
    /INFERQ_DURABILITY is fsync, but Redis does not offer it: set 'appendonly yes'/,
  );
});

test('a broken change of the model file is told and changes nothing, a good one is served without a restart', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const before = await readFile(broker.modelFile, 'utf8');
  await writeFile(broker.modelFile, `${before}\n  - name: half\n`);
  await sleep(1500);
  t.is((await broker.run({ model: 'm', input: 1 })).status, 'succeeded');
  await writeFile(broker.modelFile, before.replace('name: m', 'name: renamed'));
  await sleep(2000);
  t.is((await broker.run({ model: 'renamed', input: 1 })).status, 'succeeded');
  t.is((await broker.request('/models/m')).status, 404);
});

test('a model whose version changes under load fails no job, and jobs of one that is gone are finished', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url), jsonModel('gone', model.url)],
  });
  const before = await readFile(broker.modelFile, 'utf8');
  const left = await broker.submit({ model: 'gone', input: 1, delay: 5 });
  const jobs: Promise<{ status: string }>[] = [];
  for (let version = 2; version < 5; version++) {
    const served = before.replace('- name: m\n', `- name: m\n    version: "${version}"\n`);
    await writeFile(broker.modelFile, served.slice(0, served.indexOf('  - name: gone')));
    for (let at = 0; at < 20; at++) {
      jobs.push(broker.run({ model: 'm', input: `${version} ${at}`, timeout: 5 }));
      await sleep(30);
    }
    // The worker, too, has read it.
    await jobs.at(-1);
  }
  const early = (await Promise.all(jobs)).filter(({ status }) => status !== 'succeeded');
  t.deepEqual(early, []);
  t.is((await broker.request('/models/gone')).status, 404);
  t.is((await broker.job(left.id, '?wait=30')).status, 'succeeded');
  t.regex((await broker.request('/jobs?model=gone')).text, new RegExp(left.id));
});

function at(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (typeof found === 'object' && found ? Reflect.get(found, key) : undefined),
    value,
  );
}
