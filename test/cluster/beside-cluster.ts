import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createAuthority } from '../support/certificates.ts';
import type { Account, Cluster } from '../support/k8s/cluster.ts';
import { environmentOf } from '../support/k8s/environment.ts';
import { mapAt, nameOf, type Manifest } from '../support/k8s/manifest.ts';
import { startAdapter } from '../support/metrics-adapter.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import type { Lacks } from './abilities.ts';
import { registerAdapter } from './adapter-registration.ts';
import { everything, found, lay, type Scope } from './objects.ts';
import { startStandInNode } from './stand-in-node.ts';
import { slowModel, type World } from './world.ts';

const WORKERS = 'labelSelector=app.kubernetes.io/component=worker,inferq.dev/pool=small';

interface Parts {
  scope: Scope;
  cluster: Cluster;
  namespace: string;
  lacks: Lacks;
}

/**
 * The broker as processes of this machine, each with the token of its account in the cluster: API and adapter beside it,
 * and a worker for each pod that the cluster wants. What a node would do is all that is left out.
 */
export async function standBeside(parts: Parts): Promise<World> {
  const { scope, cluster, namespace, lacks } = parts;
  const model = await startScriptedModel(async (call, response) => {
    const { seconds = 0, id } = Object(call.body);
    await sleep(1000 * seconds, undefined, { ref: false });
    answer(response, { done: id });
  });
  scope.teardown(model.stop);
  const keep = await keepKubeconfigs(scope, cluster);
  const discovery = (file: string): Record<string, string> => ({
    INFERQ_DISCOVERY: `here=${file}`,
    INFERQ_DISCOVERY_NAMESPACES: namespace,
    // Pods have no addresses here: the models found say themselves where they are.
    INFERQ_DISCOVERY_ALLOW: '127.0.0.0/8',
  });
  const objects = await everything(namespace);
  const worker = found(objects, 'Deployment/worker-small');
  const { INFERQ_WORKER_CONCURRENCY = '', INFERQ_DRAIN_TIMEOUT = '' } = environmentOf(worker, objects);
  const broker = await startTestBroker(scope, {
    models: [slowModel(model.url)],
    workers: 0,
    env: {
      ...discovery(await keep({ namespace, name: 'api' })),
      INFERQ_SCALING_CONCURRENCY: INFERQ_WORKER_CONCURRENCY,
      METRICS_PORT: '0',
    },
  });
  const startWorker = async (account: Account): Promise<Awaited<ReturnType<TestBroker['startWorker']>>> => {
    const file = await keep(account);
    const place = account.pod && { POD_NAME: nameOf(account.pod), POD_NAMESPACE: namespace };
    return broker.startWorker({
      ...discovery(file),
      ...(place && { ...place, INFERQ_KUBECONFIG: file }),
      INFERQ_WORKER_ROLES: 'models',
      INFERQ_WORKER_CONCURRENCY,
      INFERQ_DRAIN_TIMEOUT,
    });
  };
  const pods = await startWorkers(parts, worker, objects, startWorker, Number(INFERQ_DRAIN_TIMEOUT));
  const adapter = lacks.metrics === undefined ? await adapt(parts, broker, keep, objects) : undefined;
  return {
    client: createClient(broker.url),
    pods,
    adapter: adapter?.place,
    metricsFault: adapter?.fault,
    discoverable: (name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name,
        namespace,
        labels: { 'inferq.dev/model': 'true' },
        annotations: { 'inferq.dev/spec': JSON.stringify({ ...slowModel(model.url), name }) },
      },
      spec: { ports: [{ port: 80 }] },
    }),
    warnings: async () => JSON.stringify((await createClient(broker.url).request('/readyz')).body),
  };
}

/** Where there are controllers, as many as they want; else one, so that jobs are run. */
async function startWorkers(
  { scope, cluster, namespace, lacks }: Parts,
  worker: Manifest,
  objects: readonly Manifest[],
  start: (account: Account) => ReturnType<TestBroker['startWorker']>,
  drainSeconds: number,
): Promise<() => Promise<string[]>> {
  const name = 'worker-small';
  if (lacks.controllers !== undefined) {
    await start({ namespace, name });
    return async () => [];
  }
  mapAt(worker, 'spec', 'template', 'spec')['schedulerName'] = 'nobody';
  const path = `/api/v1/namespaces/${namespace}/pods?${WORKERS}`;
  await lay(scope, cluster, worker, namespace);
  const node = startStandInNode(
    cluster,
    path,
    (pod) => start({ namespace, name, pod }),
    1000 * (drainSeconds + 10),
  );
  scope.teardown(() => node.stop());
  if (lacks.metrics === undefined)
    await lay(scope, cluster, found(objects, 'HorizontalPodAutoscaler/worker-small'), namespace);
  return () => node.pods();
}

async function adapt(
  { scope, cluster, namespace }: Parts,
  broker: TestBroker,
  keep: (account: Account) => Promise<string>,
  objects: readonly Manifest[],
) {
  const host = `metrics-adapter.${namespace}.svc`;
  const authority = createAuthority('inferq-test-adapter');
  const { role } = await startAdapter(scope, {
    broker,
    certificate: authority.sign('metrics-adapter', [host]),
    env: async () => ({
      INFERQ_KUBECONFIG: await keep({ namespace, name: 'metrics-adapter' }),
      INFERQ_SCALING_CONCURRENCY: '50',
    }),
  });
  // The API server goes to this name itself, and still asks for the certificate of the Service.
  const service = {
    ...found(objects, 'Service/metrics-adapter'),
    spec: { type: 'ExternalName', externalName: 'localhost' },
  };
  await lay(scope, cluster, service, namespace);
  const registration = found(objects, 'APIService/v1beta1.external.metrics.k8s.io');
  mapAt(registration, 'spec', 'service')['port'] = Number(new URL(role.url).port);
  const fault = await registerAdapter(scope, cluster, registration, authority.cert);
  return { place: { url: role.url, ca: authority.cert, servername: host }, fault };
}

/** Files with the tokens of accounts, for processes. */
async function keepKubeconfigs(
  scope: Scope,
  cluster: Cluster,
): Promise<(account: Account) => Promise<string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-accounts-'));
  scope.teardown(() => rm(folder, { recursive: true, force: true }));
  let count = 0;
  return async (account) => {
    const file = path.join(folder, `${count++}`);
    await writeFile(file, (await cluster.as(account)).kubeconfig(), { mode: 0o600 });
    return file;
  };
}
