import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { namesUnder, readDocument } from '../docs/document.ts';
import { accessFaults, namespaceFaults } from '../support/k8s/access.ts';
import { environmentFaults } from '../support/k8s/environment.ts';
import { fieldFaults } from '../support/k8s/fields.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import {
  containersOf,
  isMap,
  listAt,
  mapAt,
  podOf,
  titleOf,
  type Manifest,
} from '../support/k8s/manifest.ts';
import { networkFaults } from '../support/k8s/network.ts';
import { containerRuleFaults, securityFaults } from '../support/k8s/pods.ts';
import { scalingFaults, stoppingFaults } from '../support/k8s/scaling.ts';
import { selectorFaults } from '../support/k8s/selectors.ts';
import { dataFaults, targetFaults } from '../support/k8s/targets.ts';
import { yamlWordFaults } from '../support/k8s/yaml-words.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const brought = new Set(namesUnder(readDocument('docs/kubernetes.md'), '### Secrets that you bring'));

const RULES: Record<string, (objects: Manifest[]) => string[]> = {
  fields: fieldFaults,
  selectors: selectorFaults,
  targets: targetFaults,
  data: (objects) => dataFaults(objects, brought),
  security: securityFaults,
  containers: containerRuleFaults,
  access: accessFaults,
  namespace: namespaceFaults,
  network: networkFaults,
  scaling: scalingFaults,
  stopping: stoppingFaults,
  environment: environmentFaults,
};

for (const overlay of ['dev', 'production', 'multi-cluster', 'keda']) {
  test(`the overlay ${overlay} has no fault`, async (t) => {
    const objects = await render(overlay);
    for (const [name, rule] of Object.entries(RULES)) t.deepEqual(rule(objects), [], name);
  });
}

test('no manifest holds a word that YAML 1.1 reads as another', async (t) => {
  const files: string[] = [];
  for await (const file of glob('k8s/**/*.yaml', { cwd: ROOT })) files.push(file);
  t.true(files.length > 30);
  for (const file of files)
    t.deepEqual(yamlWordFaults(await readFile(path.join(ROOT, file), 'utf8')), [], file);
  for (const word of ['on', 'No', 'y', '0755', '0o7', '12:30:00'])
    t.is(yamlWordFaults(`a: ${word}\nb: '${word}'`).length, 1, word);
  t.deepEqual(yamlWordFaults('a: 1.5\nb: none\nc: 10\nd: true'), []);
});

interface Plant {
  rule: keyof typeof RULES;
  overlay?: string;
  /** The object that is changed, `Kind/name`; generated names may lack their hash. */
  object: string;
  change: (object: Manifest, objects: Manifest[]) => void;
  fault: RegExp;
}

const inPod = (change: (pod: Record<string, unknown>) => void) => (object: Manifest) => change(podOf(object));
const inContainer = (change: (container: Record<string, unknown>) => void) => (object: Manifest) => {
  for (const container of containersOf(object).slice(0, 1)) change(container);
};
const inSecurity = (field: string, value: unknown) =>
  inContainer((container) => void (mapAt(container, 'securityContext')[field] = value));
const setEnv = (name: string, value: string) =>
  inContainer((container) => {
    for (const entry of listAt(container, 'env'))
      if (isMap(entry) && entry['name'] === name) entry['value'] = value;
  });
const removed = (object: Manifest, objects: Manifest[]): void =>
  void objects.splice(objects.indexOf(object), 1);
const labels = (object: Manifest): Record<string, unknown> =>
  mapAt(object, 'spec', 'template', 'metadata', 'labels');

const PLANTS: Plant[] = [
  {
    rule: 'fields',
    object: 'Deployment/api',
    change: inPod((pod) => (pod['serviceAcountName'] = 'api')),
    fault: /serviceAcountName is unknown/,
  },
  {
    rule: 'fields',
    object: 'Deployment/api',
    change: inContainer((container) => (container['args'] = 'api')),
    fault: /args is no list/,
  },
  {
    rule: 'fields',
    object: 'Deployment/api',
    change: inPod((pod) => (pod['terminationGracePeriodSeconds'] = '30')),
    fault: /no number/,
  },
  {
    rule: 'fields',
    object: 'Service/api',
    change: (object) => (object['kind'] = 'Servise'),
    fault: /no such kind/,
  },
  {
    rule: 'fields',
    overlay: 'keda',
    object: 'ScaledObject/worker-small',
    change: (object) => (mapAt(object, 'spec')['minReplicas'] = 1),
    fault: /minReplicas is not a known property/,
  },
  {
    rule: 'fields',
    object: 'Certificate/metrics-adapter',
    change: (object) => (mapAt(object, 'spec')['duration'] = '90d'),
    fault: /duration/,
  },
  {
    rule: 'selectors',
    object: 'Service/api',
    change: (object) => (mapAt(object, 'spec', 'selector')['app.kubernetes.io/component'] = 'apo'),
    fault: /does not pick one workload/,
  },
  {
    rule: 'selectors',
    object: 'Service/api',
    change: (object) => (mapAt(object, 'spec', 'ports', 0)['targetPort'] = 'web'),
    fault: /a port web that no container has/,
  },
  {
    rule: 'selectors',
    object: 'Deployment/api',
    change: (object) => (labels(object)['app.kubernetes.io/component'] = 'apo'),
    fault: /does not pick its own pods/,
  },
  {
    rule: 'selectors',
    object: 'PodDisruptionBudget/api',
    change: (object) => (mapAt(object, 'spec')['maxUnavailable'] = 2),
    fault: /maxUnavailable/,
  },
  {
    rule: 'selectors',
    object: 'PodDisruptionBudget/worker-small',
    change: removed,
    fault: /worker-small has no PodDisruptionBudget/,
  },
  {
    rule: 'selectors',
    object: 'Deployment/worker-small',
    change: (object) =>
      (mapAt(podOf(object), 'topologySpreadConstraints', 0, 'labelSelector', 'matchLabels')[
        'inferq.dev/pool'
      ] = 'large'),
    fault: /spreads other pods/,
  },
  {
    rule: 'selectors',
    object: 'NetworkPolicy/api',
    change: (object) =>
      (mapAt(object, 'spec', 'podSelector', 'matchLabels')['app.kubernetes.io/component'] = 'apo'),
    fault: /picks no pod/,
  },
  {
    rule: 'selectors',
    object: 'NetworkPolicy/to-redis',
    change: (object) =>
      (mapAt(object, 'spec', 'egress', 0, 'to', 0, 'podSelector', 'matchLabels')['app.kubernetes.io/name'] =
        'valkey'),
    fault: /a peer that is no pod/,
  },
  {
    rule: 'targets',
    object: 'ServiceAccount/api',
    change: removed,
    fault: /ServiceAccount\/api, which is not there/,
  },
  { rule: 'targets', object: 'PriorityClass/inferq-api', change: removed, fault: /PriorityClass/ },
  { rule: 'targets', object: 'Role/pod-deletion-cost', change: removed, fault: /Role\/pod-deletion-cost/ },
  {
    rule: 'targets',
    object: 'Service/metrics-adapter',
    change: removed,
    fault: /APIService.* Service\/metrics-adapter/,
  },
  { rule: 'data', object: 'ConfigMap/models-small', change: removed, fault: /ConfigMap\/models-small/ },
  {
    rule: 'data',
    object: 'Deployment/api',
    change: inContainer(
      (container) => (mapAt(container, 'env', 1, 'valueFrom', 'secretKeyRef')['name'] = 'redis-uris'),
    ),
    fault: /Secret\/redis-uris/,
  },
  {
    rule: 'data',
    overlay: 'dev',
    object: 'Deployment/api',
    change: inContainer(
      (container) => (mapAt(container, 'env', 1, 'valueFrom', 'secretKeyRef')['key'] = 'apo'),
    ),
    fault: /apo of Secret/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inSecurity('readOnlyRootFilesystem', false),
    fault: /can write to its root/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inSecurity('allowPrivilegeEscalation', true),
    fault: /may escalate/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inSecurity('privileged', true),
    fault: /is privileged/,
  },
  {
    rule: 'security',
    object: 'StatefulSet/redis',
    change: inSecurity('capabilities', { drop: [] }),
    fault: /keeps capabilities/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inSecurity('capabilities', { drop: ['ALL'], add: ['NET_ADMIN'] }),
    fault: /adds capabilities/,
  },
  { rule: 'security', object: 'Deployment/api', change: inSecurity('runAsUser', 0), fault: /runs as root/ },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inPod((pod) => delete mapAt(pod, 'securityContext')['runAsNonRoot']),
    fault: /may run as root/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inPod((pod) => delete mapAt(pod, 'securityContext')['seccompProfile']),
    fault: /no seccomp/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inPod((pod) => (pod['hostNetwork'] = true)),
    fault: /hostNetwork/,
  },
  {
    rule: 'security',
    object: 'Deployment/api',
    change: inPod((pod) => listAt(pod, 'volumes').push({ name: 'host', hostPath: { path: '/' } })),
    fault: /hostPath/,
  },
  {
    rule: 'containers',
    object: 'Deployment/api',
    change: inContainer((container) => delete container['readinessProbe']),
    fault: /lacks readinessProbe/,
  },
  {
    rule: 'containers',
    object: 'Deployment/api',
    change: inContainer((container) => (mapAt(container, 'livenessProbe', 'httpGet')['path'] = '/readyz')),
    fault: /does not depend on Redis/,
  },
  {
    rule: 'containers',
    object: 'Deployment/api',
    change: inContainer((container) => (container['image'] = 'inferq:latest')),
    fault: /a tag/,
  },
  {
    rule: 'containers',
    object: 'Deployment/api',
    change: inContainer((container) => (container['image'] = 'registry:5000/inferq')),
    fault: /a tag/,
  },
  {
    rule: 'containers',
    object: 'Deployment/api',
    change: inContainer((container) => delete mapAt(container, 'resources')['limits']),
    fault: /limits\/memory/,
  },
  {
    rule: 'access',
    object: 'ServiceAccount/api',
    change: (object) => delete object['automountServiceAccountToken'],
    fault: /hands its token/,
  },
  {
    rule: 'access',
    object: 'Deployment/api',
    change: inPod((pod) => (pod['automountServiceAccountToken'] = true)),
    fault: /good for nothing/,
  },
  {
    rule: 'access',
    object: 'Deployment/worker-small',
    change: inPod((pod) => delete pod['automountServiceAccountToken']),
    fault: /no token for its role/,
  },
  {
    rule: 'access',
    object: 'Deployment/webhook-worker',
    change: inPod((pod) => (pod['serviceAccountName'] = 'api')),
    fault: /shares its account/,
  },
  {
    rule: 'access',
    object: 'Role/pod-deletion-cost',
    change: (object) => (mapAt(object, 'rules', 0)['verbs'] = ['*']),
    fault: /wildcard/,
  },
  {
    rule: 'access',
    object: 'Role/pod-deletion-cost',
    change: (object) => (mapAt(object, 'rules', 0)['resources'] = ['secrets']),
    fault: /reads Secrets/,
  },
  {
    rule: 'namespace',
    object: 'Namespace/inferq',
    change: (object) =>
      (mapAt(object, 'metadata', 'labels')['pod-security.kubernetes.io/enforce'] = 'baseline'),
    fault: /does not enforce/,
  },
  { rule: 'network', object: 'NetworkPolicy/default-deny', change: removed, fault: /no policy denies/ },
  {
    rule: 'network',
    object: 'NetworkPolicy/default-deny',
    change: (object) => (mapAt(object, 'spec')['policyTypes'] = ['Ingress']),
    fault: /no policy denies/,
  },
  {
    rule: 'network',
    object: 'NetworkPolicy/to-redis',
    change: (object) => (mapAt(object, 'spec')['egress'] = [{}]),
    fault: /lets everything through/,
  },
  {
    rule: 'network',
    object: 'NetworkPolicy/webhooks-to-internet',
    change: (object) => listAt(object, 'spec', 'egress', 0, 'to', 0, 'ipBlock', 'except').splice(1, 1),
    fault: /leads to 10\.0\.0\.0\/8/,
  },
  {
    rule: 'network',
    object: 'NetworkPolicy/webhooks-to-internet',
    change: (object) => (mapAt(object, 'spec')['podSelector'] = {}),
    fault: /Deployment\/api reaches the internet/,
  },
  {
    rule: 'network',
    object: 'NetworkPolicy/api',
    change: (object) => (mapAt(object, 'spec')['policyTypes'] = ['Egress']),
    fault: /without the type/,
  },
  {
    rule: 'scaling',
    object: 'Deployment/worker-small',
    change: (object) => (mapAt(object, 'spec')['replicas'] = 2),
    fault: /replicas beside/,
  },
  {
    rule: 'scaling',
    object: 'HorizontalPodAutoscaler/worker-small',
    change: (object) => (mapAt(object, 'spec', 'scaleTargetRef')['name'] = 'worker'),
    fault: /scales worker, which is not there/,
  },
  {
    rule: 'scaling',
    object: 'Deployment/worker-small',
    change: setEnv('INFERQ_WORKER_CONCURRENCY', '60'),
    fault: /wants 40 a worker for inferq_outstanding_jobs, not 48/,
  },
  {
    rule: 'scaling',
    object: 'HorizontalPodAutoscaler/worker-small',
    change: (object) => listAt(object, 'spec', 'metrics').pop(),
    fault: /does not look at inferq_desired_workers/,
  },
  {
    rule: 'scaling',
    object: 'HorizontalPodAutoscaler/worker-small',
    change: (object) =>
      (mapAt(object, 'spec', 'metrics', 0, 'external', 'metric', 'selector', 'matchLabels')['model'] =
        'chat'),
    fault: /chat, which Deployment\/worker-small does not serve/,
  },
  {
    rule: 'scaling',
    overlay: 'keda',
    object: 'ScaledObject/worker-small',
    change: (object) => (mapAt(object, 'spec', 'triggers', 0, 'metadata')['valueLocation'] = 'backlog'),
    fault: /inferq_backlog, which nobody publishes/,
  },
  {
    rule: 'scaling',
    object: 'HorizontalPodAutoscaler/worker-small',
    change: (object) => (mapAt(object, 'spec')['maxReplicas'] = 20),
    fault: /goes to 20 workers, of which 8 can have work/,
  },
  {
    rule: 'stopping',
    object: 'Deployment/worker-large',
    change: inPod((pod) => (pod['terminationGracePeriodSeconds'] = 30)),
    fault: /killed after 30 s/,
  },
  {
    rule: 'stopping',
    object: 'Deployment/worker-large',
    change: setEnv('INFERQ_DRAIN_TIMEOUT', '60'),
    fault: /a call may take 300 s/,
  },
  { rule: 'environment', object: 'Deployment/api', change: setEnv('PORT', 'http'), fault: /PORT is 'http'/ },
  {
    rule: 'environment',
    object: 'Deployment/api',
    change: inContainer((container) =>
      listAt(container, 'env').push({ name: 'INFERQ_DRAIN_TIMEOUT', value: '5' }),
    ),
    fault: /INFERQ_DRAIN_TIMEOUT, which its role does not read/,
  },
];

for (const [index, { rule, overlay = 'production', object: title, change, fault }] of PLANTS.entries()) {
  test(`planted fault ${index + 1}: the rule of ${rule} sees ${title}: ${fault.source}`, async (t) => {
    const objects = await render(overlay);
    const object = objects.find(
      (each) => titleOf(each) === title || titleOf(each).replace(/-[a-z0-9]{10}$/, '') === title,
    );
    if (object === undefined) return t.fail(`${title} is not there`);
    change(object, objects);
    const faults = RULES[rule]?.(objects) ?? [];
    t.true(
      faults.some((text) => fault.test(text)),
      JSON.stringify(faults),
    );
  });
}

test('each rule is proven by a fault', (t) => {
  t.deepEqual(new Set(PLANTS.map(({ rule }) => rule)), new Set(Object.keys(RULES)));
});

const rendered = new Map<string, Promise<Manifest[]>>();

/** A copy that may be changed. */
async function render(overlay: string): Promise<Manifest[]> {
  const objects = rendered.get(overlay) ?? renderKustomization(path.join(ROOT, 'k8s/overlays', overlay));
  rendered.set(overlay, objects);
  return structuredClone(await objects);
}
