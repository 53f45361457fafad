import {
  at,
  containersOf,
  isMap,
  kindOf,
  listAt,
  mapAt,
  ofKind,
  podLabels,
  podOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';

/** Whether a LabelSelector, of equalities alone, picks these labels. */
export function picks(selector: Record<string, unknown>, labels: Record<string, unknown>): boolean {
  if (selector['matchExpressions'] !== undefined) throw new Error('matchExpressions are not read here');
  return Object.entries(mapAt(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
}

/** Selectors that pick nothing, or not what they are for. */
export function selectorFaults(objects: readonly Manifest[]): string[] {
  const pods = workloads(objects);
  const hits = (selector: Record<string, unknown>): Manifest[] =>
    pods.filter((workload) => picks(selector, podLabels(workload)));
  const faults: string[] = [];
  for (const workload of pods) {
    const title = titleOf(workload);
    if (!picks(mapAt(workload, 'spec', 'selector'), podLabels(workload)))
      faults.push(`${title} does not pick its own pods`);
    if (hits(mapAt(workload, 'spec', 'selector')).length > 1)
      faults.push(`${title} picks the pods of another`);
    for (const constraint of listAt(podOf(workload), 'topologySpreadConstraints')) {
      const found = hits(mapAt(constraint, 'labelSelector'));
      if (found.length !== 1 || found[0] !== workload)
        faults.push(`${title} spreads other pods than its own`);
    }
  }
  for (const budget of ofKind(objects, 'PodDisruptionBudget')) {
    if (hits(mapAt(budget, 'spec', 'selector')).length !== 1)
      faults.push(`${titleOf(budget)} does not guard one workload`);
    if (at(budget, 'spec', 'maxUnavailable') !== 1)
      faults.push(`${titleOf(budget)} is not maxUnavailable: 1`);
  }
  for (const policy of ofKind(objects, 'NetworkPolicy')) {
    if (hits(mapAt(policy, 'spec', 'podSelector')).length === 0)
      faults.push(`${titleOf(policy)} picks no pod`);
    faults.push(...peerFaults(policy, hits));
  }
  for (const service of ofKind(objects, 'Service')) faults.push(...serviceFaults(service, pods));
  for (const workload of pods)
    if (
      kindOf(workload) === 'Deployment' &&
      !ofKind(objects, 'PodDisruptionBudget').some((budget) =>
        picks(mapAt(budget, 'spec', 'selector'), podLabels(workload)),
      )
    )
      faults.push(`${titleOf(workload)} has no PodDisruptionBudget`);
  return faults;
}

function peerFaults(policy: Manifest, hits: (selector: Record<string, unknown>) => Manifest[]): string[] {
  const rules = [...listAt(policy, 'spec', 'ingress'), ...listAt(policy, 'spec', 'egress')];
  const peers = rules.flatMap((rule) => [...listAt(rule, 'from'), ...listAt(rule, 'to')]);
  return peers.flatMap((peer) => {
    const selector = at(peer, 'podSelector');
    const isHere = at(peer, 'namespaceSelector') === undefined;
    return isHere && isMap(selector) && hits(selector).length === 0
      ? [`${titleOf(policy)} names a peer that is no pod`]
      : [];
  });
}

function serviceFaults(service: Manifest, pods: readonly Manifest[]): string[] {
  const found = pods.filter((workload) =>
    picks({ matchLabels: mapAt(service, 'spec', 'selector') }, podLabels(workload)),
  );
  if (found.length !== 1) return [`${titleOf(service)} does not pick one workload`];
  const ports = found.flatMap(containersOf).flatMap((container) => listAt(container, 'ports'));
  return listAt(service, 'spec', 'ports').flatMap((port) => {
    const target = textAt(port, 'targetPort') || textAt(port, 'port');
    const isThere = ports.some(
      (other) => textAt(other, 'name') === target || textAt(other, 'containerPort') === target,
    );
    return isThere ? [] : [`${titleOf(service)} leads to a port ${target} that no container has`];
  });
}
