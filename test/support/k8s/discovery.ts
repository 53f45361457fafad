import { readDiscoveryConfig } from '../../../shared/discovery/discovery-config.ts';
import { IN_CLUSTER } from '../../../shared/kubernetes/kube-config.ts';
import { environmentOf } from './environment.ts';
import {
  at,
  containersOf,
  listAt,
  mapAt,
  nameOf,
  ofKind,
  podLabels,
  podOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';
import { picks } from './selectors.ts';

/** The roles that serve models, and so must all know the same. */
const LOOKING = new Set(['api', 'worker', 'metrics-adapter']);

/** What discovery lists and watches, by group. */
const WATCHED: [group: string, resource: string][] = [
  ['', 'services'],
  ['', 'pods'],
  ['discovery.k8s.io', 'endpointslices'],
  ['serving.kserve.io', 'inferenceservices'],
  ['inference.networking.k8s.io', 'inferencepools'],
];

/** Roles that look in other clusters than the rest, or cannot look where they are told to. */
export function discoveryFaults(objects: readonly Manifest[]): string[] {
  const roles = workloads(objects).filter((workload) =>
    LOOKING.has(textAt(podLabels(workload), 'app.kubernetes.io/component')),
  );
  const places = roles.map((role) => environmentOf(role, objects)['INFERQ_DISCOVERY'] ?? '');
  const faults = new Set(places).size > 1 ? [`roles look in different clusters: ${places.join(' ')}`] : [];
  return [...faults, ...roles.flatMap((role) => roleFaults(role, objects))];
}

function roleFaults(role: Manifest, objects: readonly Manifest[]): string[] {
  const { clusters } = readDiscoveryConfig(environmentOf(role, objects), []);
  if (clusters.length === 0) return [];
  const mounts = containersOf(role).flatMap((container) => listAt(container, 'volumeMounts'));
  const folders = mounts.map((mount) => `${textAt(mount, 'mountPath')}/`);
  const faults = clusters.flatMap(({ place }) => {
    if (place === IN_CLUSTER) return rightFaults(role, objects);
    return folders.some((folder) => place.startsWith(folder)) ? [] : [`has no file ${place}`];
  });
  if (!reachesApiServers(role, objects)) faults.push('has no way to API servers');
  return faults.map((fault) => `${titleOf(role)} ${fault}`);
}

function rightFaults(role: Manifest, objects: readonly Manifest[]): string[] {
  const account = textAt(podOf(role), 'serviceAccountName');
  const granted = ofKind(objects, 'ClusterRoleBinding')
    .filter((binding) => listAt(binding, 'subjects').some((subject) => textAt(subject, 'name') === account))
    .map((binding) => textAt(binding, 'roleRef', 'name'));
  const rules = ofKind(objects, 'ClusterRole')
    .filter((each) => granted.includes(nameOf(each)))
    .flatMap((each) => listAt(each, 'rules'));
  const may = (group: string, resource: string, verb: string): boolean =>
    rules.some(
      (rule) =>
        listAt(rule, 'apiGroups').includes(group) &&
        listAt(rule, 'resources').includes(resource) &&
        listAt(rule, 'verbs').includes(verb),
    );
  return WATCHED.flatMap(([group, resource]) =>
    ['list', 'watch'].flatMap((verb) => (may(group, resource, verb) ? [] : [`may not ${verb} ${resource}`])),
  );
}

/** They have no pods to select: a rule for them names ports alone. */
function reachesApiServers(role: Manifest, objects: readonly Manifest[]): boolean {
  return ofKind(objects, 'NetworkPolicy')
    .filter((policy) => picks(mapAt(policy, 'spec', 'podSelector'), podLabels(role)))
    .flatMap((policy) => listAt(policy, 'spec', 'egress'))
    .filter((rule) => at(rule, 'to') === undefined)
    .some((rule) =>
      [443, 6443].every((port) => listAt(rule, 'ports').some((each) => at(each, 'port') === port)),
    );
}
