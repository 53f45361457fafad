import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { saveDevelopmentToken } from '../../shared/redis/development-token.ts';
import type { Cluster } from '../support/k8s/cluster.ts';
import {
  at,
  containersOf,
  kindOf,
  listAt,
  nameOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from '../support/k8s/manifest.ts';
import { overlay } from './control-plane.ts';

const TOKEN = 'ifq_cluster-test';
const ROLLOUT_MS = 5 * 60_000;

/** A model server in a few lines, on the image that is there anyway: it takes as long as the input says. */
const MODEL_SERVER = `require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk)).on('end', () => {
    const input = JSON.parse(text);
    setTimeout(() => response.end(JSON.stringify({ done: input.id })), 1000 * (input.seconds ?? 0));
  });
}).listen(9000)`;

export interface DeployedBroker {
  submit(input: Record<string, unknown>): Promise<string>;
  /** Waits for the end. */
  job(id: string): Promise<unknown>;
  get(path: string): Promise<{ status: number; body: unknown }>;
  scale(deployment: string, replicas: number): Promise<void>;
  readyReplicas(deployment: string): Promise<number>;
}

/** The overlay dev with the image under test, a model of ours, and a way to it from here. */
export async function deployBroker(
  t: ExecutionContext,
  cluster: Cluster,
  image: string,
): Promise<DeployedBroker> {
  const objects = [...(await overlay('dev')), ...modelServer(image)];
  for (const workload of workloads(objects))
    for (const container of containersOf(workload))
      if (/^inferq[:@]/.test(textAt(container, 'image'))) container['image'] = image;
  for (const object of objects) {
    if (kindOf(object) === 'ConfigMap' && nameOf(object).startsWith('models-small'))
      object['data'] = { 'small.yaml': MODELS };
    const { status, body } = await cluster.apply(object);
    t.true(status < 300, `${titleOf(object)}: ${status} ${textAt(body, 'message')}`);
  }
  t.teardown(async () => {
    for (const object of objects.toReversed()) await cluster.remove(object);
    await cluster.stop();
  });
  const broker = await reach(cluster);
  for (const workload of workloads(objects)) await rollOut(t, cluster, workload);
  const redis = await cluster.forward('redis', 6379);
  await saveDevelopmentToken(`redis://127.0.0.1:${redis}`, TOKEN);
  return broker;
}

const MODELS = stringify({
  models: [
    {
      name: 'slow',
      protocol: 'json',
      endpoints: [{ url: 'http://slow.inferq-models.svc:9000/' }],
      concurrency: 400,
      cache: { scope: 'off' },
      retry: { attempts: 1, backoff: 0 },
    },
  ],
});

async function reach(cluster: Cluster): Promise<DeployedBroker> {
  const port = await cluster.forward('api', 80);
  const call = async (path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const answered = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answered.status, body: await answered.json() };
  };
  return {
    async submit(input) {
      const { status, body } = await call('/jobs', { model: 'slow', input });
      if (status !== 202) throw new Error(`Submitting answered ${status}: ${JSON.stringify(body)}`);
      return textAt(body, 'id');
    },
    async job(id) {
      for (;;) {
        const { body } = await call(`/jobs/${id}?wait=30`);
        if (!['queued', 'running'].includes(textAt(body, 'status'))) return body;
      }
    },
    get: (path) => call(path),
    async scale(deployment, replicas) {
      await cluster.request('PATCH', `${pathOf(deployment)}/scale`, {
        body: { spec: { replicas } },
        type: 'application/merge-patch+json',
      });
    },
    async readyReplicas(deployment) {
      const { body } = await cluster.request('GET', pathOf(deployment));
      return Number(at(body, 'status', 'readyReplicas') ?? 0);
    },
  };
}

async function rollOut(t: ExecutionContext, cluster: Cluster, workload: Manifest): Promise<void> {
  const path = (await cluster.pathOf(workload)) ?? '';
  for (const until = Date.now() + ROLLOUT_MS; Date.now() < until; await sleep(1000)) {
    const { body } = await cluster.request('GET', path);
    if (Number(at(body, 'status', 'readyReplicas') ?? 0) >= Number(at(body, 'spec', 'replicas') ?? 1)) return;
  }
  t.fail(`${titleOf(workload)} is not ready after five minutes`);
}

function modelServer(image: string): Manifest[] {
  const metadata = { name: 'slow', namespace: 'inferq-models' };
  const labels = { app: 'slow' };
  const container = {
    name: 'slow',
    image,
    command: ['node', '-e', MODEL_SERVER],
    ports: [{ containerPort: 9000 }],
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'inferq-models', labels: { 'inferq.dev/models': 'true' } },
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

/** Whether pods can run at all: a control plane may be alone. */
export async function hasNodes(cluster: Cluster): Promise<boolean> {
  const { body } = await cluster.request('GET', '/api/v1/nodes');
  return listAt(body, 'items').some((node) =>
    listAt(node, 'status', 'conditions').some(
      (each) => textAt(each, 'type') === 'Ready' && textAt(each, 'status') === 'True',
    ),
  );
}

function pathOf(deployment: string): string {
  return `/apis/apps/v1/namespaces/inferq/deployments/${deployment}`;
}
