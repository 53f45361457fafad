import { listAt, mapAt } from '../../support/k8s/manifest.ts';
import { inPod, inContainer, inSecurity, setEnv, type Plant } from './plant.ts';

export const PLANTED_IN_PODS: Plant[] = [
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
    rule: 'scaling',
    object: 'ClusterRole/inferq-external-metrics-reader',
    change: (object) => listAt(object, 'rules', 0, 'resources').pop(),
    fault: /leaves out inferq_oldest_wait_seconds/,
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
  {
    rule: 'environment',
    object: 'Deployment/metrics-adapter',
    change: inContainer((container) =>
      listAt(container, 'env').push({ name: 'INFERQ_CLUSTERS', value: '/etc/inferq/clusters' }),
    ),
    fault: /INFERQ_CLUSTERS, which its role does not read/,
  },
  {
    rule: 'environment',
    object: 'Deployment/metrics-adapter',
    change: setEnv('INFERQ_TLS_CERT', ''),
    fault: /INFERQ_TLS_CERT is not set/,
  },
  {
    rule: 'environment',
    object: 'Deployment/metrics-adapter',
    change: inContainer((container) => (container['args'] = ['discovery'])),
    fault: /starts discovery, which is no role/,
  },
];
