import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { runCommand } from '../../cli/local/command.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { makeFolder } from '../local/fixtures/folder.ts';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { readEvents } from '../support/event-stream.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { startReceiver } from '../webhooks/receiver.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const MAKE_SECRETS = path.join(ROOT, 'docker/make-secrets.mjs');

/** What `docker-compose up` makes before anything else starts. */
async function makeSecrets(folder: string, host = 'redis:6379'): Promise<void> {
  const env = { SECRETS_FOLDER: folder, REDIS_HOST: host };
  const { ok, stderr } = await runCommand(process.execPath, [MAKE_SECRETS], env);
  if (!ok) throw new Error(stderr);
}

const read = (folder: string, name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');

test('the secrets of an installation are made once, at random, and Redis gets only their hashes', async (t) => {
  const [first, second] = [await makeFolder(t), await makeFolder(t)];
  await makeSecrets(first);
  await makeSecrets(second);
  const names = ['api/redis-url', 'api/token', 'worker/redis-url', 'redis/users.acl'];
  const before = await Promise.all(names.map((name) => read(first, name)));
  for (const [index, name] of names.entries()) t.not(before[index], await read(second, name), name);
  await makeSecrets(first);
  t.deepEqual(await Promise.all(names.map((name) => read(first, name))), before);
  const [apiUrl = '', token = '', workerUrl = '', acl = ''] = before;
  t.regex(token, /^ifq_[\w-]{43}$/);
  for (const url of [apiUrl, workerUrl]) {
    t.regex(url, /^redis:\/\/(api|worker):[\w-]{43}@redis:6379$/);
    t.false(acl.includes(new URL(url).password));
  }
  t.regex(acl, /^user default off$/m);
});

test('each role does all of its work with its own Redis user, and has no other rights', async (t) => {
  const folder = await makeFolder(t);
  await makeSecrets(folder);
  const users = path.join(folder, 'test.acl');
  // The test itself comes in as the default user, who is off in an installation.
  const acl = (await read(folder, 'redis/users.acl')).replace(
    'user default off',
    'user default on nopass ~* &* +@all',
  );
  await writeFile(users, acl);
  const model = await startScriptedModel(async (call, response) => {
    if (JSON.stringify(call.body).includes('slow')) await sleep(60_000, undefined, { ref: false });
    const fails = JSON.stringify(call.body).includes('fail');
    answer(response, { echo: call.body }, fails ? 503 : 200);
  });
  t.teardown(model.stop);
  const own = await startTemporaryRedis({ settings: { aclfile: users } });
  t.teardown(own.stop);
  const broker = await startTestBroker(t, {
    redis: own,
    apis: 0,
    workers: 0,
    models: [
      jsonModel('m', model.url, {
        retry: { attempts: 2, backoff: 0.1 },
        cost: 1,
        cache: { ttl: 60, scope: 'tenant' },
      }),
    ],
  });
  const urlFor = async (role: string): Promise<string> =>
    (await read(folder, `${role}/redis-url`)).replace('redis:6379', new URL(broker.redisUrl).host);
  const api = await broker.startApi({ REDIS_URL: await urlFor('api'), INFERQ_DURABILITY: 'fsync' });
  const worker = { REDIS_URL: await urlFor('worker'), INFERQ_DURABILITY: 'fsync' };
  await broker.startWorker({ ...worker, INFERQ_WORKER_ROLES: 'models' });
  await broker.startWorker({ ...worker, INFERQ_WORKER_ROLES: 'webhooks' });
  await work(t, api.url);
  const redis = new Redis(broker.redisUrl);
  t.teardown(() => redis.disconnect());
  const waiting = new Redis(await urlFor('api'));
  t.teardown(() => waiting.disconnect());
  t.is(await waiting.wait(0, 1), 0, 'the API can wait for replicas where there are any');
  t.deepEqual(await redis.acl('LOG'), [], 'nothing was refused');

  const refusals: [string, string, string[]][] = [
    [await urlFor('worker'), 'GET', ['inferq:token:development']],
    [await urlFor('worker'), 'SMEMBERS', ['inferq:tenants']],
    [await urlFor('worker'), 'XLEN', ['inferq:audit']],
    [await urlFor('api'), 'GET', ['other']],
  ];
  for (const role of ['api', 'worker'])
    for (const command of [
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'SET', 'appendonly', 'no'],
      ['ACL', 'LIST'],
      ['SHUTDOWN'],
      ['SCRIPT', 'FLUSH'],
      ['CLIENT', 'KILL', 'ID', '1'],
    ])
      refusals.push([await urlFor(role), command[0] ?? '', command.slice(1)]);
  for (const [url, command, args] of refusals) {
    const client = new Redis(url, { maxRetriesPerRequest: 0, enableReadyCheck: false });
    t.teardown(() => client.disconnect());
    const error = await t.throwsAsync(
      client.call(command, ...args),
      undefined,
      `${command} ${args.join(' ')}`,
    );
    t.regex(error?.message ?? '', /^NOPERM/, command);
  }
  const probe = new Redis(broker.redisUrl.replace('//', '//probe:any@'), { enableReadyCheck: false });
  t.teardown(() => probe.disconnect());
  t.is(await probe.ping(), 'PONG');
  await t.throwsAsync(probe.get('inferq:token:development'), { message: /^NOPERM/ });
});

/** Something of everything that the API and the workers do. */
async function work(t: ExecutionContext, url: string): Promise<void> {
  const receiver = await startReceiver(t, (response) => response.end());
  const call = async (method: string, where: string, body?: unknown, headers = {}): Promise<unknown> => {
    const response = await fetch(url + where, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 503) return sleep(1000).then(() => call(method, where, body, headers));
    t.true(response.status < 300, `${method} ${where}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const submit = async (job: object, headers = {}): Promise<string> =>
    String(Reflect.get(Object(await call('POST', '/jobs', { model: 'm', ...job }, headers)), 'id'));

  await call('PUT', '/tenants/dev', { budget: 1000, rate: { limit: 1000, window: 60 } });
  const wait = { prefer: 'wait=30' };
  const told = await submit({ input: 1, webhook: receiver.url }, { ...wait, 'idempotency-key': 'a' });
  await submit({ input: 1 }, wait);
  await submit({ input: 2, delay: 1, priority: 'high', metadata: { a: 'b' } }, wait);
  const failed = await submit({ input: 'fail' }, wait);
  await call('POST', `/jobs/${failed}/retry`);
  await call('GET', `/jobs/${failed}?wait=30`);
  const slow = await submit({ input: 'slow' });
  await readEvents(`${url}/jobs/${slow}/events`, { enough: (events) => events.length >= 2 });
  await call('POST', `/jobs/${slow}/cancel`);
  await call('POST', '/models/m/pause');
  const late = await submit({ input: 3, ttl: 1 });
  await call('GET', `/jobs/${late}?wait=30`);
  await call('POST', '/models/m/resume');
  for (const where of [
    '/jobs?metadata.a=b',
    '/models',
    '/models/m',
    '/tenants/dev/usage',
    '/audit',
    '/webhooks/secret',
    `/jobs/${told}/output`,
  ])
    await call('GET', where);
  await call('PUT', '/tenants/acme', {});
  const token = await call('POST', '/tenants/acme/tokens', { name: 't', scopes: ['jobs:read'] });
  await call('DELETE', `/tokens/${String(Reflect.get(Object(token), 'id'))}`);
  await call('DELETE', '/tenants/acme');
  await call('POST', '/webhooks/secret/rotate');
  for (let delivered = 0; delivered === 0; await sleep(50))
    delivered = JSON.stringify(await call('GET', `/jobs/${told}/deliveries`)).includes('"delivered"') ? 1 : 0;
}
