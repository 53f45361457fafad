import {
  at,
  containersOf,
  isMap,
  listAt,
  mapAt,
  podOf,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';

const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** Against the Pod Security Standard `restricted`, with a read-only root beside. */
export function securityFaults(objects: readonly Manifest[]): string[] {
  return workloads(objects).flatMap((workload) => {
    const pod = podOf(workload);
    const security = mapAt(pod, 'securityContext');
    const faults = ['hostNetwork', 'hostPID', 'hostIPC'].flatMap((field) =>
      pod[field] === true ? [field] : [],
    );
    if (security['runAsNonRoot'] !== true) faults.push('may run as root');
    if (security['runAsUser'] === 0) faults.push('runs as root');
    if (at(security, 'seccompProfile', 'type') !== 'RuntimeDefault') faults.push('has no seccomp profile');
    if (security['sysctls'] !== undefined) faults.push('sets sysctls');
    for (const volume of listAt(pod, 'volumes')) {
      const kind = Object.keys(isMap(volume) ? volume : {}).find((key) => key !== 'name') ?? '';
      if (!VOLUMES.has(kind)) faults.push(`has a volume of the kind ${kind}`);
    }
    for (const container of containersOf(workload)) faults.push(...containerFaults(container));
    return faults.map((fault) => `${titleOf(workload)} ${fault}`);
  });
}

function containerFaults(container: Record<string, unknown>): string[] {
  const security = mapAt(container, 'securityContext');
  const name = textAt(container, 'name');
  const checks: [boolean, string][] = [
    [security['allowPrivilegeEscalation'] === false, 'may escalate privileges'],
    [security['readOnlyRootFilesystem'] === true, 'can write to its root'],
    [security['privileged'] !== true, 'is privileged'],
    [security['runAsNonRoot'] !== false && security['runAsUser'] !== 0, 'runs as root'],
    [security['procMount'] === undefined, 'mounts proc in its own way'],
    [listAt(security, 'capabilities', 'drop').includes('ALL'), 'keeps capabilities'],
    [listAt(security, 'capabilities', 'add').length === 0, 'adds capabilities'],
    [
      listAt(container, 'ports').every((port) => at(port, 'hostPort') === undefined),
      'takes a port of the host',
    ],
  ];
  return checks.flatMap(([ok, fault]) => (ok ? [] : [`${name} ${fault}`]));
}

/** Probes, requests and limits, and images that stay what they are. */
export function containerRuleFaults(objects: readonly Manifest[]): string[] {
  return workloads(objects).flatMap((workload) =>
    listAt(podOf(workload), 'containers').flatMap((container) => {
      const tag = /:([^:/]+)$/.exec(textAt(container, 'image'))?.[1];
      const faults = ['startupProbe', 'livenessProbe', 'readinessProbe'].filter(
        (probe) => at(container, probe) === undefined,
      );
      for (const wanted of ['requests/cpu', 'requests/memory', 'limits/memory'])
        if (at(container, 'resources', ...wanted.split('/')) === undefined) faults.push(wanted);
      if (tag === undefined || tag === 'latest') faults.push('a tag of its image');
      if (textAt(container, 'livenessProbe', 'httpGet', 'path') === '/readyz')
        faults.push('a liveness probe that does not depend on Redis');
      return faults.map((fault) => `${titleOf(workload)} ${textAt(container, 'name')} lacks ${fault}`);
    }),
  );
}
