import { referencesOf } from './generated.ts';
import {
  at,
  kindOf,
  listAt,
  nameOf,
  ofKind,
  podOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';

/** ConfigMaps and Secrets that are named and not there, with their keys. `brought`: the Secrets that an operator makes. */
export function dataFaults(objects: readonly Manifest[], brought: ReadonlySet<string>): string[] {
  return workloads(objects).flatMap((workload) =>
    referencesOf(workload).flatMap(({ kind, name, key }) => {
      const found = objects.find((object) => kindOf(object) === kind && nameOf(object) === name);
      const isMade = kind === 'Secret' && (brought.has(name) || isCertificate(objects, name));
      if (found === undefined)
        return isMade ? [] : [`${titleOf(workload)} names ${kind}/${name}, which is not there`];
      if (key === undefined || at(found, 'data', key) !== undefined) return [];
      return [`${titleOf(workload)} names ${key} of ${kind}/${name}, which is not in it`];
    }),
  );
}

function isCertificate(objects: readonly Manifest[], secret: string): boolean {
  return ofKind(objects, 'Certificate').some((object) => textAt(object, 'spec', 'secretName') === secret);
}

/** Objects that others name and that are not there. */
export function targetFaults(objects: readonly Manifest[]): string[] {
  const has = (kind: string, name: string): boolean =>
    objects.some((object) => kindOf(object) === kind && nameOf(object) === name);
  const faults: string[] = [];
  const need = (object: Manifest, kind: string, name: string): void => {
    if (!has(kind, name)) faults.push(`${titleOf(object)} names ${kind}/${name}, which is not there`);
  };
  for (const workload of workloads(objects)) {
    need(workload, 'ServiceAccount', textAt(podOf(workload), 'serviceAccountName') || 'default');
    const priority = textAt(podOf(workload), 'priorityClassName');
    if (priority) need(workload, 'PriorityClass', priority);
    if (kindOf(workload) === 'StatefulSet')
      need(workload, 'Service', textAt(workload, 'spec', 'serviceName'));
  }
  for (const binding of ofKind(objects, 'RoleBinding', 'ClusterRoleBinding')) {
    const role = textAt(binding, 'roleRef', 'name');
    // Made by Kubernetes itself, in kube-system.
    if (role !== 'extension-apiserver-authentication-reader')
      need(binding, textAt(binding, 'roleRef', 'kind'), role);
    for (const subject of listAt(binding, 'subjects'))
      if (textAt(subject, 'namespace') !== 'kube-system')
        need(binding, 'ServiceAccount', textAt(subject, 'name'));
  }
  for (const binding of ofKind(objects, 'ValidatingAdmissionPolicyBinding'))
    need(binding, 'ValidatingAdmissionPolicy', textAt(binding, 'spec', 'policyName'));
  for (const service of ofKind(objects, 'APIService'))
    need(service, 'Service', textAt(service, 'spec', 'service', 'name'));
  for (const ingress of ofKind(objects, 'Ingress'))
    for (const rule of listAt(ingress, 'spec', 'rules'))
      for (const route of listAt(rule, 'http', 'paths'))
        need(ingress, 'Service', textAt(route, 'backend', 'service', 'name'));
  return faults;
}
