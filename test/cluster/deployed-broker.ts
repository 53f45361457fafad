import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { saveDevelopmentToken } from '../../shared/redis/development-token.ts';
import { createClient, TOKEN } from '../support/broker.ts';
import { createAuthority } from '../support/certificates.ts';
import type { Cluster } from '../support/k8s/cluster.ts';
import {
  at,
  containersOf,
  isMap,
  kindOf,
  listAt,
  mapAt,
  nameOf,
  ofKind,
  podOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from '../support/k8s/manifest.ts';
import type { Lacks } from './abilities.ts';
import { registerAdapter } from './adapter-registration.ts';
import { everything, found, lay, type Scope } from './objects.ts';
import { MODEL, slowModel, type World } from './world.ts';

const ROLLOUT_MS = 5 * 60_000;
const APISERVICE = 'APIService/v1beta1.external.metrics.k8s.io';

/** A model server in a few lines, on the image that is there anyway: it takes as long as the input says. */
const MODEL_SERVER = `require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk)).on('end', () => {
    const input = JSON.parse(text);
    setTimeout(() => response.end(JSON.stringify({ done: input.id })), 1000 * (input.seconds ?? 0));
  });
}).listen(9000)`;

/** The broker as pods of the cluster, with the image under test, a model of ours, and a way to it from here. */
export async function deployBroker(
  { scope, cluster, namespace, lacks }: { scope: Scope; cluster: Cluster; namespace: string; lacks: Lacks },
  image: string,
): Promise<World> {
  const models = `${namespace}-models`;
  const authority = createAuthority('inferq-test-adapter');
  const host = `metrics-adapter.${namespace}.svc`;
  const objects = [...(await everything(namespace)), ...modelServer(image, models)];
  adjust(objects, image, models);
  const certificate = authority.sign('metrics-adapter', [host]);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'metrics-adapter-tls', namespace },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': certificate.cert, 'tls.key': certificate.key },
  };
  scope.teardown(() => cluster.stop());
  for (const object of [...objects, secret])
    if (!textAt(object, 'apiVersion').startsWith('cert-manager.io') && titleOf(object) !== APISERVICE)
      await lay(scope, cluster, object, namespace);
  for (const workload of workloads(objects)) await rollOut(cluster, workload);
  const fault =
    lacks.metrics ?? (await registerAdapter(scope, cluster, found(objects, APISERVICE), authority.cert));
  const redis = await cluster.forward(namespace, 'redis', 6379);
  await saveDevelopmentToken(`redis://127.0.0.1:${redis}`, TOKEN);
  const client = createClient(`http://127.0.0.1:${await cluster.forward(namespace, 'api', 80)}`);
  const adapter = await cluster.forward(namespace, 'metrics-adapter', 443);
  return {
    client,
    pods: () => readyPods(cluster, namespace),
    adapter: { url: `https://127.0.0.1:${adapter}`, ca: authority.cert, servername: host },
    metricsFault: fault,
    discoverable: (name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name,
        namespace: models,
        labels: { 'inferq.dev/model': 'true' },
        annotations: { 'inferq.dev/spec': 'protocol: json' },
      },
      spec: { selector: { app: 'slow' }, ports: [{ port: 80, targetPort: 9000 }] },
    }),
    warnings: async () => JSON.stringify((await client.request('/readyz')).body),
  };
}

/** The image, models and namespaces of these checks; a volume that every cluster has. */
function adjust(objects: Manifest[], image: string, models: string): void {
  for (const workload of workloads(objects)) {
    for (const container of containersOf(workload))
      if (/^inferq[:@]/.test(textAt(container, 'image'))) container['image'] = image;
    if (kindOf(workload) !== 'StatefulSet') continue;
    delete mapAt(workload, 'spec')['volumeClaimTemplates'];
    podOf(workload)['volumes'] = [...listAt(podOf(workload), 'volumes'), { name: 'data', emptyDir: {} }];
  }
  for (const map of ofKind(objects, 'ConfigMap')) {
    if (nameOf(map).startsWith('models-small'))
      map['data'] = { 'small.yaml': stringify({ models: [slowModel(`http://slow.${models}.svc:9000/`)] }) };
    if (nameOf(map).startsWith('settings'))
      map['data'] = { ...mapAt(map, 'data'), INFERQ_DISCOVERY_NAMESPACES: models };
  }
}

async function rollOut(cluster: Cluster, workload: Manifest): Promise<void> {
  const path = (await cluster.pathOf(workload)) ?? '';
  let status: unknown;
  for (const until = Date.now() + ROLLOUT_MS; Date.now() < until; await sleep(1000)) {
    const { body } = await cluster.request('GET', path);
    status = at(body, 'status');
    if (Number(at(status, 'readyReplicas') ?? 0) >= Number(at(body, 'spec', 'replicas') ?? 1)) return;
  }
  throw new Error(`${titleOf(workload)} is not ready after five minutes: ${JSON.stringify(status)}`);
}

async function readyPods(cluster: Cluster, namespace: string): Promise<string[]> {
  const query = 'labelSelector=app.kubernetes.io/component=worker,inferq.dev/pool=small';
  const { body } = await cluster.request('GET', `/api/v1/namespaces/${namespace}/pods?${query}`);
  return listAt(body, 'items')
    .filter(isMap)
    .filter(
      (pod) =>
        at(pod, 'metadata', 'deletionTimestamp') === undefined &&
        listAt(pod, 'status', 'conditions').some(
          (each) => textAt(each, 'type') === 'Ready' && textAt(each, 'status') === 'True',
        ),
    )
    .map(nameOf);
}

function modelServer(image: string, namespace: string): Manifest[] {
  const metadata = { name: 'slow', namespace };
  const labels = { app: 'slow' };
  const container = {
    name: MODEL,
    image,
    command: ['node', '-e', MODEL_SERVER],
    ports: [{ containerPort: 9000 }],
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'inferq.dev/models': 'true' } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 9000 }] } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
  ];
}
