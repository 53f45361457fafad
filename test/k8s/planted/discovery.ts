import { listAt, mapAt, podOf } from '../../support/k8s/manifest.ts';
import { inContainer, removed, setEnv, type Plant } from './plant.ts';

const overlay = 'multi-cluster';

export const PLANTED_IN_DISCOVERY: Plant[] = [
  {
    rule: 'discovery',
    overlay,
    object: 'Deployment/metrics-adapter',
    change: setEnv('INFERQ_DISCOVERY', 'in-cluster'),
    fault: /look in different clusters/,
  },
  {
    rule: 'discovery',
    overlay,
    object: 'Deployment/worker-small',
    change: inContainer((container) => {
      const mounts = listAt(container, 'volumeMounts');
      container['volumeMounts'] = mounts.filter((mount) => mapAt({ mount }, 'mount')['name'] !== 'clusters');
    }),
    fault: /worker-small has no file \/etc\/inferq\/clusters\/east/,
  },
  {
    rule: 'discovery',
    overlay,
    object: 'ClusterRole/inferq-discovery',
    change: (object) => listAt(object, 'rules').pop(),
    fault: /api may not watch inferencepools/,
  },
  {
    rule: 'discovery',
    overlay,
    object: 'ClusterRoleBinding/inferq-discovery',
    change: (object) => listAt(object, 'subjects').splice(1, 1),
    fault: /worker-small may not list services/,
  },
  {
    rule: 'discovery',
    overlay,
    object: 'NetworkPolicy/discovery-to-kubernetes',
    change: removed,
    fault: /Deployment\/api has no way to API servers/,
  },
  {
    rule: 'access',
    overlay,
    object: 'Deployment/webhook-worker',
    change: (object) => (podOf(object)['automountServiceAccountToken'] = true),
    fault: /webhook-worker has a token that is good for nothing/,
  },
];
