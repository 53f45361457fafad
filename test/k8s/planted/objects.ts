import { listAt, mapAt, podOf } from '../../support/k8s/manifest.ts';
import { inPod, inContainer, removed, labels, type Plant } from './plant.ts';

export const PLANTED_IN_OBJECTS: Plant[] = [
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
];
