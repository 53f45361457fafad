import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createAuthority, type Certificate } from '../support/certificates.ts';
import { startFakeKubernetes } from '../support/fake-kubernetes.ts';
import {
  askAdapter,
  PROXY,
  PROXY_NAME,
  startAdapter,
  trustInFile,
  type AdapterAnswer,
  type AdapterOptions,
  type AskOptions,
} from '../support/metrics-adapter.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

const GROUP = '/apis/external.metrics.k8s.io';
const VALUES = `${GROUP}/v1beta1/namespaces/any`;

interface World {
  broker: TestBroker;
  client: Certificate;
  folder: string;
  metricsUrl: string;
  ask: (path: string, options?: Partial<AskOptions>) => Promise<AdapterAnswer>;
}

const serverCa = createAuthority('adapter-ca');
const proxyCa = createAuthority('front-proxy-ca');

async function startWorld(
  t: ExecutionContext,
  models: Record<string, unknown>[],
  trust: AdapterOptions['env'] = trustInFile(proxyCa.cert),
): Promise<World> {
  const broker = await startTestBroker(t, { models, workers: 0 });
  const client = proxyCa.sign(PROXY_NAME);
  const { role, folder, metricsUrl } = await startAdapter(t, {
    broker,
    certificate: serverCa.sign('adapter'),
    env: async (folder) => ({ INFERQ_SCALING_CONCURRENCY: '5,b=2', ...(await trust(folder)) }),
  });
  const ask: World['ask'] = (where, options = {}) =>
    askAdapter(role.url + where, { client, ca: serverCa.cert, ...options });
  return { broker, client, folder, ask, metricsUrl };
}

const idle = () => [jsonModel('a', 'http://127.0.0.1:9'), jsonModel('b', 'http://127.0.0.1:9')];

test('the documents of discovery name the group, its version and the metrics', async (t) => {
  const { ask } = await startWorld(t, idle());
  const protobuf = { ...PROXY, accept: 'application/vnd.kubernetes.protobuf,application/json' };
  const groups = await ask('/apis', { headers: protobuf });
  t.is(groups.type, 'application/json');
  t.like(groups.body, { kind: 'APIGroupList', groups: [{ name: 'external.metrics.k8s.io' }] });
  t.like((await ask(GROUP)).body, { kind: 'APIGroup', name: 'external.metrics.k8s.io' });
  const { body } = await ask(`${GROUP}/v1beta1`);
  const names = ['inferq_outstanding_jobs', 'inferq_desired_workers', 'inferq_oldest_wait_seconds'];
  t.like(body, { kind: 'APIResourceList', resources: names.map((name) => ({ name, namespaced: true })) });
  t.like((await ask('/openapi/v2')).body, { swagger: '2.0', paths: {} });
  t.like((await ask('/apis/other')).body, { kind: 'Status', code: 404, reason: 'NotFound' });
  t.is((await ask(GROUP, { method: 'POST' })).status, 405);
});

test('waiting jobs of all priorities are counted, those whose time has not come are not, an idle model is 0', async (t) => {
  const { ask, broker, metricsUrl } = await startWorld(t, idle());
  for (const priority of ['high', 'normal', 'normal', 'low'])
    for (let at = 0; at < 3; at++)
      await broker.submit({ model: 'a', input: `${priority}${Math.random()}`, priority });
  await broker.submit({ model: 'a', input: 'later', delay: 3600 });
  const { status, body, items } = await ask(`${VALUES}/inferq_outstanding_jobs?labelSelector=model%3Da`);
  t.is(status, 200);
  t.like(body, { kind: 'ExternalMetricValueList', apiVersion: 'external.metrics.k8s.io/v1beta1' });
  t.is(items.length, 1);
  t.like(items[0], { metricName: 'inferq_outstanding_jobs', metricLabels: { model: 'a' }, value: '12' });
  t.regex(items[0]?.timestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const none = await ask(`${VALUES}/inferq_outstanding_jobs?labelSelector=model%3Db`);
  t.deepEqual(
    none.items.map(({ value }) => value),
    ['0'],
  );
  // Twelve jobs, five places a worker of which four are to be used.
  const desired = await ask(`${VALUES}/inferq_desired_workers?labelSelector=model+in+(a,b)`);
  t.deepEqual(
    desired.items.map(({ value }) => value),
    ['3', '0'],
  );
  const oldest = await ask(`${VALUES}/inferq_oldest_wait_seconds?labelSelector=model!%3Db`);
  t.regex(oldest.items[0]?.value ?? '', /^\d+m?$/);
  t.not(oldest.items[0]?.value, '0');
  const plain: unknown = await (await fetch(`${metricsUrl}/scaling/a`)).json();
  t.like(plain, { outstanding_jobs: 12, desired_workers: 3 });
  t.is((await fetch(`${metricsUrl}/scaling/nobody`)).status, 404);
  t.deepEqual(Object.keys((await (await fetch(`${metricsUrl}/scaling`)).json()) as object), ['a', 'b']);
  const metrics = await (await fetch(`${metricsUrl}/metrics`)).text();
  t.regex(metrics, /^inferq_outstanding_jobs\{model="a"\} 12$/m);
  t.regex(metrics, /^inferq_desired_workers\{model="b"\} 0$/m);
});

test('a delayed job counts when its time has come, and a running one until it ends', async (t) => {
  const model = await startScriptedModel(async (_call, response) => {
    await new Promise((resolve) => response.on('close', resolve));
  });
  t.teardown(model.stop);
  const { ask, broker } = await startWorld(t, [jsonModel('a', model.url)]);
  const outstanding = async () => (await ask(`${VALUES}/inferq_outstanding_jobs`)).items[0]?.value;
  await broker.submit({ model: 'a', input: 1, delay: 2 });
  const before = await outstanding();
  while ((await outstanding()) !== '1') await sleep(50);
  t.is(before, '0');
  const worker = await broker.startWorker();
  while (model.calls.length === 0) await sleep(20);
  t.is(await outstanding(), '1');
  await worker.stop(10_000);
});

test('a selector that takes no served model, or is none, is an error and no empty list', async (t) => {
  const { ask } = await startWorld(t, idle());
  const unknown = await ask(`${VALUES}/inferq_outstanding_jobs?labelSelector=model%3Dnobody`);
  t.like(unknown, { status: 404, body: { kind: 'Status', status: 'Failure', code: 404 } });
  const broken = await ask(`${VALUES}/inferq_outstanding_jobs?labelSelector=model%3D%3D%3D`);
  t.like(broken, { status: 400, body: { reason: 'BadRequest' } });
  t.is((await ask(`${VALUES}/constructor`)).status, 404);
});

test('only the front proxy is answered: by its CA, its name, and with a user', async (t) => {
  const { ask, client } = await startWorld(t, idle());
  const where = `${VALUES}/inferq_outstanding_jobs`;
  const forged = { ...PROXY, 'x-remote-group': 'system:masters' };
  const cases: [string, Partial<AskOptions>][] = [
    ['no certificate, and a user', { client: undefined, headers: forged }],
    ['of another CA', { client: createAuthority('other').sign('front-proxy-client'), headers: forged }],
    [
      'of an authority that only has the name',
      { client: createAuthority('front-proxy-ca').sign('front-proxy-client') },
    ],
    ['of the right CA, but another’s', { client: proxyCa.sign('somebody') }],
    ['signed for servers of ours', { client: serverCa.sign('front-proxy-client') }],
    ['the right one without a user', { client, headers: {} }],
  ];
  for (const [name, options] of cases)
    for (const path of [where, '/apis', GROUP]) {
      const { status, body } = await ask(path, options);
      t.is(status, 401, name);
      t.like(body, { kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 }, name);
    }
  t.is((await ask(where)).status, 200);
});

test('with Redis away there is an error within a second and no number, and numbers when it is back', async (t) => {
  const { ask, broker, metricsUrl } = await startWorld(t, idle());
  const where = `${VALUES}/inferq_outstanding_jobs?labelSelector=model%3Da`;
  t.is((await ask(where)).status, 200);
  process.kill(broker.redis.pid, 'SIGSTOP');
  t.teardown(() => process.kill(broker.redis.pid, 'SIGCONT'));
  t.like(await ask(where), { status: 503, body: { kind: 'Status', reason: 'ServiceUnavailable' } });
  t.is((await fetch(`${metricsUrl}/scaling/a`)).status, 503);
  t.is((await fetch(`${metricsUrl}/readyz`)).status, 503);
  t.is((await fetch(`${metricsUrl}/healthz`)).status, 200);
  process.kill(broker.redis.pid, 'SIGCONT');
  while ((await ask(where)).status !== 200) await sleep(50);
  t.pass();
});

test('the CA is read from the cluster, and a new one there and new certificates come into force', async (t) => {
  const cluster = await startFakeKubernetes(['configmaps']);
  t.teardown(cluster.stop);
  const publish = (ca: string): void =>
    cluster.set('configmaps', {
      metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
      data: {
        'requestheader-client-ca-file': ca,
        'requestheader-allowed-names': '["front-proxy-client"]',
        'requestheader-username-headers': '["X-Remote-User"]',
      },
    });
  publish(proxyCa.cert);
  const { ask, folder, metricsUrl } = await startWorld(t, idle(), async (folder) => {
    await writeFile(path.join(folder, 'kubeconfig'), cluster.kubeconfig);
    return { INFERQ_KUBECONFIG: path.join(folder, 'kubeconfig') };
  });
  t.is((await ask('/apis')).status, 200);
  t.is((await ask('/apis', { client: undefined })).status, 401);
  const next = createAuthority('front-proxy-ca');
  const renewed = next.sign('front-proxy-client');
  t.is((await ask('/apis', { client: renewed })).status, 401);
  publish('');
  const warnings = async (): Promise<unknown[]> =>
    ((await (await fetch(`${metricsUrl}/readyz`)).json()) as { warnings: unknown[] }).warnings;
  while ((await warnings()).length === 0) await sleep(100);
  t.is((await ask('/apis')).status, 200, 'what cannot be used changes nothing');
  publish(next.cert);
  const otherServerCa = createAuthority('adapter-ca-2');
  const own = otherServerCa.sign('adapter');
  await writeFile(path.join(folder, 'tls.crt'), own.cert);
  await writeFile(path.join(folder, 'tls.key'), own.key);
  const ca = `${serverCa.cert}${otherServerCa.cert}`;
  while ((await ask('/apis', { client: renewed, ca })).status !== 200) await sleep(100);
  t.is((await ask('/apis', { ca })).status, 401);
  t.is((await ask('/apis', { client: renewed, ca: otherServerCa.cert })).status, 200);
  t.deepEqual(await warnings(), []);
});
