import {
  at,
  isMap,
  listAt,
  nameOf,
  ofKind,
  podLabels,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';
import { picks } from './selectors.ts';

const PRIVATE = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
];

/** Nothing is open by default, and the way to the internet leads to nothing private. */
export function networkFaults(objects: readonly Manifest[]): string[] {
  const policies = ofKind(objects, 'NetworkPolicy');
  const faults: string[] = [];
  if (!policies.some(isDefaultDeny)) faults.push('no policy denies by default');
  for (const policy of policies) {
    const types = listAt(policy, 'spec', 'policyTypes');
    for (const [type, field] of [
      ['Ingress', 'ingress'],
      ['Egress', 'egress'],
    ] as const)
      if (at(policy, 'spec', field) !== undefined && !types.includes(type))
        faults.push(`${titleOf(policy)} has rules of ${field} without the type`);
    for (const rule of [...listAt(policy, 'spec', 'egress'), ...listAt(policy, 'spec', 'ingress')])
      faults.push(...ruleFaults(policy, rule));
  }
  const webhooks = workloads(objects).filter(
    (workload) => podLabels(workload)['app.kubernetes.io/component'] === 'webhook-worker',
  );
  for (const policy of policies.filter((each) => reachesInternet(each)))
    for (const workload of workloads(objects))
      if (!webhooks.includes(workload) && picks(selectorOf(policy), podLabels(workload)))
        faults.push(`${titleOf(workload)} reaches the internet by ${nameOf(policy)}`);
  return faults;
}

function isDefaultDeny({ spec }: Manifest): boolean {
  const types = listAt(spec, 'policyTypes');
  const isForAll = Object.keys(selectorOf({ spec })).length === 0;
  const isEmpty = listAt(spec, 'ingress').length + listAt(spec, 'egress').length === 0;
  return isForAll && isEmpty && types.includes('Ingress') && types.includes('Egress');
}

function selectorOf(policy: Manifest): Record<string, unknown> {
  const selector = at(policy, 'spec', 'podSelector');
  return isMap(selector) ? selector : {};
}

function ruleFaults(policy: Manifest, rule: unknown): string[] {
  const peers = [...listAt(rule, 'to'), ...listAt(rule, 'from')];
  const ports = listAt(rule, 'ports');
  // API servers have no pods to select; their ports are all that can be said of them.
  if (peers.length === 0 && ports.length === 0) return [`${titleOf(policy)} lets everything through`];
  return peers.flatMap((peer) => {
    const missing = PRIVATE.filter((range) => !listAt(peer, 'ipBlock', 'except').includes(range));
    return at(peer, 'ipBlock', 'cidr') === '0.0.0.0/0' && missing.length > 0
      ? [`${titleOf(policy)} leads to ${missing.join(', ')}`]
      : [];
  });
}

function reachesInternet(policy: Manifest): boolean {
  return listAt(policy, 'spec', 'egress')
    .flatMap((rule) => listAt(rule, 'to'))
    .some((peer) => at(peer, 'ipBlock', 'cidr') === '0.0.0.0/0');
}
