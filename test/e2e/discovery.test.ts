import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { startFakeKubernetes, type FakeKubernetes } from '../support/fake-kubernetes.ts';
import { service, slice } from '../support/kube-objects.ts';
import { answer, startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { metricsOf } from '../support/worker-metrics.ts';

async function startServer(t: ExecutionContext, name: string): Promise<ScriptedModel> {
  const model = await startScriptedModel((_call, response) => answer(response, { from: name }));
  t.teardown(model.stop);
  return model;
}

async function startCluster(t: ExecutionContext): Promise<FakeKubernetes> {
  const cluster = await startFakeKubernetes();
  t.teardown(cluster.stop);
  return cluster;
}

async function startBroker(
  t: ExecutionContext,
  clusters: Record<string, FakeKubernetes>,
): Promise<TestBroker> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-clusters-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const places: string[] = [];
  for (const [name, { kubeconfig }] of Object.entries(clusters)) {
    await writeFile(path.join(folder, name), kubeconfig);
    places.push(`${name}=${path.join(folder, name)}#here`);
  }
  return startTestBroker(t, {
    models: [jsonModel('of-a-file', 'http://127.0.0.1:9')],
    env: { INFERQ_DISCOVERY: places.join(','), INFERQ_DISCOVERY_ALLOW: '127.0.0.0/8' },
  });
}

/** What comes of a job now; each is another one, so that none is answered from the cache. */
async function outputOf(broker: TestBroker, model: string): Promise<unknown> {
  const { status, body } = await broker.request('/jobs?wait=20', {
    method: 'POST',
    json: { model, input: Math.random() },
  });
  return status === 200 ? Object(body)['output']?.from : status;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}

async function warningsOf(broker: TestBroker): Promise<string> {
  return JSON.stringify(Object((await broker.request('/readyz')).body)['warnings']);
}

/** As the worker tells Prometheus. */
async function staleSeconds(broker: TestBroker, cluster: string): Promise<number> {
  const sample = new RegExp(`^inferq_discovery_stale_seconds\\{cluster="${cluster}"\\} (\\S+)$`, 'm');
  return Number(sample.exec(await metricsOf(broker))?.[1]);
}

test('a Service that comes, moves and goes reaches a running broker, and a malformed one hurts itself alone', async (t) => {
  const [one, other] = [await startServer(t, 'one'), await startServer(t, 'other')];
  const cluster = await startCluster(t);
  const broker = await startBroker(t, { east: cluster });
  t.is(await outputOf(broker, 'echo'), 404);
  cluster.set('services', service('broken', { spec: 'protocol: telepathy' }));
  cluster.set('endpointslices', slice('broken', [one.url]));
  cluster.set('services', service('echo'));
  cluster.set('endpointslices', slice('echo', [one.url]));
  await until(async () => (await outputOf(broker, 'echo')) === 'one');
  t.like((await broker.request('/models/echo')).body, { name: 'echo', source: 'cluster' });
  await until(async () => (await warningsOf(broker)).includes('Service team/broken in cluster east'));
  t.is((await broker.request('/models/broken')).status, 404);
  cluster.set('endpointslices', slice('echo', [other.url]));
  await until(async () => (await outputOf(broker, 'echo')) === 'other');
  cluster.forget();
  cluster.set('endpointslices', slice('echo', [one.url]));
  await until(async () => (await outputOf(broker, 'echo')) === 'one');
  cluster.remove('services', 'team', 'broken');
  await until(async () => (await warningsOf(broker)) === '[]');
  cluster.remove('services', 'team', 'echo');
  await until(async () => (await outputOf(broker, 'echo')) === 404);
  t.like((await broker.request('/models/of-a-file')).body, { source: 'file' });
});

test('of two clusters with the same names one goes away: the other’s is served, its own with what was known', async (t) => {
  const servers = { east: await startServer(t, 'east'), west: await startServer(t, 'west') };
  const clusters = { east: await startCluster(t), west: await startCluster(t) };
  for (const name of ['east', 'west'] as const) {
    clusters[name].set('services', service('both'));
    clusters[name].set('endpointslices', slice('both', [servers[name].url]));
    clusters[name].set('services', service(name));
    clusters[name].set('endpointslices', slice(name, [servers[name].url]));
  }
  const broker = await startBroker(t, clusters);
  for (const name of ['east', 'west']) t.is(await outputOf(broker, name), name);
  const seen = new Set<unknown>();
  await until(async () => seen.add(await outputOf(broker, 'both')).size === 2);
  t.true(seen.has('east') && seen.has('west'));
  await clusters.west.down();
  await until(async () => (await warningsOf(broker)).includes('Cluster west has not been heard'));
  t.false((await warningsOf(broker)).includes('Cluster east'));
  t.is((await broker.request('/readyz')).status, 200);
  t.is(await staleSeconds(broker, 'east'), 0);
  await until(async () => (await staleSeconds(broker, 'west')) > 0);
  for (const name of ['east', 'west']) t.is(await outputOf(broker, name), name);
  clusters.east.set('services', service('new'));
  clusters.east.set('endpointslices', slice('new', [servers.east.url]));
  await until(async () => (await outputOf(broker, 'new')) === 'east');
  clusters.west.remove('services', 'team', 'west');
  await clusters.west.up();
  await until(async () => (await outputOf(broker, 'west')) === 404);
  await until(async () => (await warningsOf(broker)) === '[]');
  await until(async () => (await staleSeconds(broker, 'west')) === 0);
  // The API and the worker, each with one watch a cluster and kind: no second informer has been left behind.
  for (const name of ['east', 'west'] as const)
    await until(async () => clusters[name].openWatches('services') === 2);
  t.is(await outputOf(broker, 'both').then((from) => from === 'east' || from === 'west'), true);
});

test('a name of a file or of the API is not a cluster’s, in any version', async (t) => {
  const server = await startServer(t, 'cluster');
  const cluster = await startCluster(t);
  for (const [name, spec] of [
    ['thief', { name: 'of-a-file', version: '2', traffic: 100 }],
    ['twin', { name: 'of-a-file' }],
    ['own', { name: 'own' }],
  ] as const) {
    cluster.set('services', service(name, { spec }));
    cluster.set('endpointslices', slice(name, [server.url]));
  }
  const broker = await startBroker(t, { east: cluster });
  t.is(await outputOf(broker, 'own'), 'cluster');
  t.is(await outputOf(broker, 'of-a-file@2'), 404);
  t.like((await broker.request('/models/of-a-file')).body, { version: '1', source: 'file' });
  t.regex(
    await warningsOf(broker),
    /of-a-file@2, found in a cluster, is not served: the operator has that name/,
  );
  const refused = await broker.request('/models/own', { method: 'DELETE' });
  t.is(refused.status, 409);
  t.regex(refused.text, /take the label inferq.dev\/model off/);
  const api = await startServer(t, 'api');
  const spec = { protocol: 'json', endpoints: [{ url: api.url }] };
  t.is((await broker.request('/models/own', { method: 'PUT', json: spec })).status, 200);
  await until(async () => (await outputOf(broker, 'own')) === 'api');
  t.is((await broker.request('/models/own', { method: 'DELETE' })).status, 204);
  await until(async () => (await outputOf(broker, 'own')) === 'cluster');
});
