import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { createDiscovery } from '../../shared/discovery/discovery.ts';
import { createEvents } from '../../shared/events.ts';
import type { Cluster } from '../support/k8s/cluster.ts';
import { isMap, mapAt, type Manifest } from '../support/k8s/manifest.ts';
import { lay, type Scope } from './objects.ts';
import { ended, eventually } from './scaling-checks.ts';
import type { World } from './world.ts';

/** A Service that gets the label is a model, a malformed one hurts itself alone, and what goes is gone. */
export async function modelsComeAndGo(
  t: ExecutionContext,
  { world, cluster, namespace }: { world: World; cluster: Cluster; namespace: string },
): Promise<void> {
  const { client } = world;
  const statusOf = async (name: string): Promise<number> => (await client.request(`/models/${name}`)).status;
  t.is(await statusOf('found'), 404);
  const service = world.discoverable('found');
  await lay(t, cluster, service, namespace);
  await eventually('a model that was found', async () => (await statusOf('found')) === 200);
  const job = await ended(world, (await client.submit({ model: 'found', input: { id: 7 } })).id);
  t.like(job, { status: 'succeeded', output: { done: 7 } });

  const broken = world.discoverable('broken');
  mapAt(broken, 'metadata', 'annotations')['inferq.dev/spec'] = 'protocol: [';
  await lay(t, cluster, broken, namespace);
  await eventually('a warning', async () => (await world.warnings()).includes('/broken in cluster'));
  t.is(await statusOf('found'), 200);
  t.is(await statusOf('broken'), 404);
  await cluster.remove(service);
  await eventually('a model that is gone', async () => (await statusOf('found')) === 404);
}

/** As its own account may, the API's process reads Services with the slices that were written for them. */
export async function slicesAreEndpoints(
  t: ExecutionContext,
  cluster: Cluster,
  namespace: string,
): Promise<void> {
  const discovery = await discoverAs(t, await cluster.as({ namespace, name: 'api' }), namespace);
  const urls = (): string =>
    discovery
      .found()
      .specs.flatMap(({ endpoints }) => endpoints.map(({ url }) => url))
      .join();
  t.is(urls(), '');
  const labels = { 'inferq.dev/model': 'true' };
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'sliced', namespace, labels, annotations: { 'inferq.dev/spec': 'protocol: json' } },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  };
  await lay(t, cluster, service, namespace);
  const slice: Manifest = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'sliced-1', namespace, labels: { ...labels, 'kubernetes.io/service-name': 'sliced' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: ['10.201.1.1', '10.201.1.2'].map((address, at) => ({
      addresses: [address],
      conditions: { ready: at === 0 },
      targetRef: { kind: 'Pod', namespace, name: `pod-${at}` },
    })),
  };
  await lay(t, cluster, slice, namespace);
  await eventually('the ready endpoint', async () => urls() === 'http://10.201.1.1:8080/');
  const stranger = { ...slice, endpoints: [{ addresses: ['10.201.1.3'], conditions: { ready: true } }] };
  await lay(t, cluster, stranger, namespace);
  await eventually('a refusal', async () =>
    discovery.found().warnings.join().includes('no pod of its namespace'),
  );
  t.is(urls(), '');
  await cluster.remove(service);
  await eventually('nothing left', async () => discovery.found().warnings.length === 0);
  t.is(discovery.staleness().get('here'), 0);
}

/** Kubernetes copies the label of a Service to its slices: what discovery goes by. */
export async function slicesAreLabelled(
  t: ExecutionContext,
  cluster: Cluster,
  namespace: string,
): Promise<void> {
  const labels = { 'inferq.dev/model': 'true' };
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'selecting', namespace, labels },
    spec: { selector: { app: 'nobody' }, ports: [{ port: 80 }] },
  };
  await lay(t, cluster, service, namespace);
  const query = 'labelSelector=kubernetes.io/service-name=selecting,inferq.dev/model=true';
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query}`;
  await eventually('a slice with the label', async () => {
    const { body } = await cluster.request('GET', slices);
    return isMap(body) && Array.isArray(body['items']) && body['items'].length === 1;
  });
  t.pass();
}

async function discoverAs(t: Scope, cluster: Cluster, namespace: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-discovery-'));
  const place = path.join(folder, 'config');
  await writeFile(place, cluster.kubeconfig(), { mode: 0o600 });
  const discovery = createDiscovery({
    config: {
      clusters: [{ name: 'here', place, context: undefined }],
      namespaces: [namespace],
      allow: [],
    },
    events: createEvents(),
    now: () => performance.now(),
    random: Math.random,
  });
  t.teardown(async () => {
    discovery.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await discovery.load();
  discovery.start(() => undefined);
  return discovery;
}
