import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createDiscovery } from '../../shared/discovery/discovery.ts';
import { createEvents } from '../../shared/events.ts';
import { startFakeKubernetes, type FakeKubernetes } from '../support/fake-kubernetes.ts';
import { service, slice } from '../support/kube-objects.ts';

async function discover(t: ExecutionContext, cluster: FakeKubernetes, holdMs?: number) {
  t.timeout(120_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-kube-'));
  const place = path.join(folder, 'config');
  await writeFile(place, cluster.kubeconfig);
  const discovery = createDiscovery({
    config: { clusters: [{ name: 'east', place, context: undefined }], namespaces: ['team'], allow: [] },
    events: createEvents(),
    now: () => performance.now(),
    random: () => 0,
    ...(holdMs === undefined ? {} : { holdMs }),
  });
  t.teardown(async () => {
    discovery.stop();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await discovery.load();
  discovery.start(() => undefined);
  const names = (): string =>
    discovery
      .found()
      .specs.map(({ name }) => name)
      .join();
  return { discovery, names };
}

test('a cluster that stays away is served for as long as it is held, and again when it is back', async (t) => {
  const cluster = await startFakeKubernetes();
  cluster.set('services', service('m'));
  cluster.set('endpointslices', slice('m', ['http://10.1.2.3:80']));
  cluster.set('services', service('elsewhere', { namespace: 'other' }));
  cluster.set('endpointslices', slice('elsewhere', ['http://10.1.2.4:80'], 'other'));
  const { discovery, names } = await discover(t, cluster, 3000);
  t.is(names(), 'm', 'of the namespaces that are named');
  const away = performance.now();
  await cluster.down();
  while ((discovery.staleness().get('east') ?? 0) === 0) await sleep(10);
  t.is(names(), 'm');
  while (names() !== '') await sleep(20);
  t.true(performance.now() - away >= 3000);
  await cluster.up();
  while (names() !== 'm') await sleep(20);
  t.deepEqual(discovery.found().warnings, []);
});

const pod = (name: string, podIP: string) => ({
  metadata: { name, namespace: 'team', labels: { app: 'vllm' } },
  status: { podIP, conditions: [{ type: 'Ready', status: 'True' }] },
});

test('an InferencePool of the alpha is read as one of v1', async (t) => {
  const cluster = await startFakeKubernetes(['services', 'endpointslices', 'alphainferencepools', 'pods']);
  cluster.set('alphainferencepools', {
    metadata: { name: 'llm', namespace: 'team', labels: { 'inferq.dev/model': 'true' } },
    spec: { selector: { app: 'vllm' }, targetPortNumber: 8000 },
  });
  cluster.set('pods', pod('one', '10.2.0.1'));
  const { discovery } = await discover(t, cluster);
  const urls = (): string[] =>
    discovery.found().specs.flatMap(({ endpoints }) => endpoints.map(({ url }) => url));
  while (urls().length === 0) await sleep(20);
  t.deepEqual(urls(), ['http://10.2.0.1:8000/v1/chat/completions']);
});

test('the pods of an InferencePool come and go with it', async (t) => {
  const cluster = await startFakeKubernetes(['services', 'endpointslices', 'inferencepools', 'pods']);
  cluster.set('inferencepools', {
    metadata: { name: 'llm', namespace: 'team', labels: { 'inferq.dev/model': 'true' } },
    spec: { selector: { matchLabels: { app: 'vllm' } }, targetPorts: [{ number: 8000 }] },
  });
  cluster.set('pods', pod('one', '10.2.0.1'));
  const { discovery, names } = await discover(t, cluster);
  const urls = (): string =>
    discovery
      .found()
      .specs.flatMap(({ endpoints }) => endpoints.map(({ url }) => url))
      .join();
  while (urls() !== 'http://10.2.0.1:8000/v1/chat/completions') await sleep(20);
  cluster.set('pods', pod('two', '10.2.0.2'));
  cluster.remove('pods', 'team', 'one');
  while (urls() !== 'http://10.2.0.2:8000/v1/chat/completions') await sleep(20);
  cluster.remove('inferencepools', 'team', 'llm');
  while (names() !== '' || cluster.openWatches('pods') > 0) await sleep(20);
  t.pass();
});
