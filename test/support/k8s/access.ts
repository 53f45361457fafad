import {
  listAt,
  mapAt,
  nameOf,
  ofKind,
  podOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';

/** A token is there where a role is bound, and nowhere else; no role may do more than it says. */
export function accessFaults(objects: readonly Manifest[]): string[] {
  const bindings = ofKind(objects, 'RoleBinding', 'ClusterRoleBinding');
  const bound = new Set(
    bindings.flatMap((binding) => listAt(binding, 'subjects').map((subject) => textAt(subject, 'name'))),
  );
  const faults: string[] = [];
  for (const account of ofKind(objects, 'ServiceAccount'))
    if (account['automountServiceAccountToken'] !== false)
      faults.push(`${titleOf(account)} hands its token to every pod`);
  const users = new Map<string, string>();
  for (const workload of workloads(objects)) {
    const name = textAt(podOf(workload), 'serviceAccountName');
    const hasToken = podOf(workload)['automountServiceAccountToken'] === true;
    if (hasToken && !bound.has(name))
      faults.push(`${titleOf(workload)} has a token that is good for nothing`);
    if (!hasToken && bound.has(name)) faults.push(`${titleOf(workload)} has no token for its role`);
    if (users.has(name)) faults.push(`${titleOf(workload)} shares its account with ${users.get(name) ?? ''}`);
    users.set(name, titleOf(workload));
  }
  for (const role of ofKind(objects, 'Role', 'ClusterRole')) faults.push(...roleFaults(role));
  return faults;
}

function roleFaults(role: Manifest): string[] {
  return listAt(role, 'rules').flatMap((rule) => {
    const all = ['apiGroups', 'resources', 'verbs'].flatMap((field) => listAt(rule, field));
    const faults = all.includes('*') ? [`${titleOf(role)} has a wildcard`] : [];
    if (listAt(rule, 'resources').includes('secrets')) faults.push(`${titleOf(role)} reads Secrets`);
    return faults;
  });
}

/** A namespace that does not enforce `restricted`. */
export function namespaceFaults(objects: readonly Manifest[]): string[] {
  const spaces = ofKind(objects, 'Namespace');
  if (spaces.length !== 1) return ['there is not one Namespace'];
  return spaces.flatMap((space) =>
    mapAt(space, 'metadata', 'labels')['pod-security.kubernetes.io/enforce'] === 'restricted'
      ? []
      : [`Namespace/${nameOf(space)} does not enforce the standard restricted`],
  );
}
