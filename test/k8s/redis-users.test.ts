import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { parseAllDocuments } from 'yaml';
import { runCommand } from '../../cli/local/command.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createAuthority } from '../support/certificates.ts';
import { referencesOf } from '../support/k8s/generated.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import { isMap, mapAt, nameOf, textAt, workloads, type Manifest } from '../support/k8s/manifest.ts';
import { askAdapter, PROXY_NAME, startAdapter, trustInFile } from '../support/metrics-adapter.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

const K8S = path.join(import.meta.dirname, '../../k8s');

test('the Secrets that are made have every key that the manifests name', async (t) => {
  const secrets = await makeSecrets();
  const objects = await renderKustomization(path.join(K8S, 'overlays/multi-cluster'));
  const wanted = workloads(objects)
    .flatMap(referencesOf)
    .filter(({ kind, name, key }) => kind === 'Secret' && name.startsWith('redis-') && key !== undefined);
  t.true(wanted.length >= 6);
  for (const { name, key = '' } of wanted) t.truthy(valueIn(secrets, name, key), `${name} ${key}`);
  t.notDeepEqual(await makeSecrets(), secrets);
});

test('a broker does its work with the users that are made, and these can do nothing else', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], apis: 0, workers: 0 });
  const admin = new Redis(broker.redisUrl);
  t.teardown(() => admin.disconnect());
  const secrets = await makeSecrets();
  const users = valueIn(secrets, 'redis-acl', 'users.acl').split('\n').filter(Boolean);
  t.is(users.length, 8);
  for (const [, name = '', ...rules] of users.map((line) => line.split(' ')))
    if (name !== 'default') await admin.call('ACL', 'SETUSER', name, ...rules);
  const urlOf = (role: string): string => {
    const [, password = ''] = /:([0-9a-f]+)@/.exec(valueIn(secrets, 'redis-urls', role)) ?? [];
    return broker.redisUrl.replace('//', `//${role}:${password}@`);
  };

  const api = await broker.startApi({ REDIS_URL: urlOf('api') });
  await broker.startWorker({ REDIS_URL: urlOf('worker'), INFERQ_WORKER_ROLES: 'models' });
  await broker.startWorker({ REDIS_URL: urlOf('webhook-worker'), INFERQ_WORKER_ROLES: 'webhooks' });
  const answered = await fetch(`${api.url}/jobs`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer ifq_test-token',
      'content-type': 'application/json',
      prefer: 'wait=30',
    },
    body: JSON.stringify({ model: 'm', input: 1, webhook: `${model.url}/hook` }),
  });
  t.like(await answered.json(), { status: 'succeeded' });
  while (!model.calls.some((call) => call.path === '/hook')) await sleep(50);
  await askForNumbers(t, { ...broker, redisUrl: urlOf('metrics-adapter') });
  t.deepEqual(await admin.acl('LOG'), [], 'nothing was refused');

  const stranger = new Redis(urlOf('api'));
  t.teardown(() => stranger.disconnect());
  await t.throwsAsync(stranger.flushall(), { message: /NOPERM/ });
  await t.throwsAsync(stranger.config('SET', 'maxmemory', '1'), { message: /NOPERM/ });
  await t.throwsAsync(stranger.get('another:key'), { message: /NOPERM/ });
  await t.throwsAsync(stranger.keys('*'), { message: /NOPERM/ });
  const reader = new Redis(urlOf('metrics-adapter'));
  t.teardown(() => reader.disconnect());
  await t.throwsAsync(reader.del('inferq:{x}:jobs'), { message: /NOPERM/ });
  await t.throwsAsync(reader.get('inferq:token:development'), { message: /NOPERM/ });
});

/** The adapter, which only reads. */
async function askForNumbers(
  t: ExecutionContext,
  broker: Pick<TestBroker, 'redisUrl' | 'modelFile'>,
): Promise<void> {
  const [own, proxy] = [createAuthority('adapter-ca'), createAuthority('front-proxy-ca')];
  const certificate = own.sign('adapter');
  const { role, metricsUrl } = await startAdapter(t, { broker, certificate, env: trustInFile(proxy.cert) });
  const values = '/apis/external.metrics.k8s.io/v1beta1/namespaces/any/inferq_outstanding_jobs';
  const asked = await askAdapter(role.url + values, { client: proxy.sign(PROXY_NAME), ca: own.cert });
  t.is(asked.items[0]?.value, '0', JSON.stringify(asked.body));
  t.is((await fetch(`${metricsUrl}/metrics`)).status, 200);
}

test('both installations give the same rights', async (t) => {
  const file = await readFile(path.join(K8S, '../docker/redis-users.acl'), 'utf8');
  const made = valueIn(await makeSecrets(), 'redis-acl', 'users.acl');
  for (const user of ['probe', 'api', 'worker', 'metrics-adapter']) {
    t.truthy(rights(file, user), user);
    t.is(rights(made, user), rights(file, user), user);
  }
  t.is(rights(made, 'webhook-worker'), rights(file, 'worker'));
  const nobody = file.split('\n').find((line) => line.startsWith('user default off '));
  t.true(nobody !== undefined && made.split('\n').includes(nobody), made);
});

test('both kinds of Redis keep what was accepted', async (t) => {
  for (const kind of ['redis-single', 'redis-sentinel']) {
    const config = await readFile(path.join(K8S, 'components', kind, 'redis.conf'), 'utf8');
    for (const line of [
      'appendonly yes',
      'appendfsync always',
      'maxmemory-policy noeviction',
      'hash-max-listpack-value 2048',
    ])
      t.true(config.split('\n').includes(line), `${kind}: ${line}`);
    t.regex(config, /^maxmemory \d/m);
  }
});

function rights(text: string, user: string): string | undefined {
  return new RegExp(`^user ${user} on (?:>[0-9a-f]{48} )?(.+)$`, 'm').exec(text)?.[1];
}

async function makeSecrets(): Promise<Manifest[]> {
  const made = await runCommand('sh', [path.join(K8S, 'components/redis-sentinel/make-secrets.sh')]);
  return parseAllDocuments(made.stdout)
    .map((document): unknown => document.toJS())
    .filter(isMap);
}

function valueIn(secrets: readonly Manifest[], name: string, key: string): string {
  const secret = secrets.find((each) => nameOf(each) === name);
  return textAt(mapAt(secret, 'stringData'), key);
}
