import { readAdapterConfig } from '../../../api/metrics-adapter/adapter-config.ts';
import { readApiConfig, readWorkerConfig, type Environment } from '../../../shared/config.ts';
import { messageOf } from '../../../shared/errors.ts';
import {
  at,
  containersOf,
  listAt,
  mapAt,
  nameOf,
  ofKind,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';

/** The environment of a workload's first container; what comes from Secrets is a stand-in, what from the pod its path. */
export function environmentOf(workload: Manifest, objects: readonly Manifest[]): Record<string, string> {
  const [container] = containersOf(workload);
  const env: Record<string, string> = {};
  for (const source of listAt(container, 'envFrom')) {
    const map = ofKind(objects, 'ConfigMap').find(
      (object) => nameOf(object) === textAt(source, 'configMapRef', 'name'),
    );
    for (const [key, value] of Object.entries(mapAt(map, 'data'))) env[key] = String(value);
  }
  for (const entry of listAt(container, 'env')) {
    const secret = at(entry, 'valueFrom', 'secretKeyRef') === undefined ? '' : 'redis://redis:6379';
    env[textAt(entry, 'name')] =
      textAt(entry, 'value') || secret || textAt(entry, 'valueFrom', 'fieldRef', 'fieldPath');
  }
  return env;
}

const READERS: Record<string, (env: Environment) => unknown> = {
  api: readApiConfig,
  worker: readWorkerConfig,
  'metrics-adapter': readAdapterConfig,
};

/** Roles that are none, and variables that a role refuses or does not read. */
export function environmentFaults(objects: readonly Manifest[]): string[] {
  return workloads(objects).flatMap((workload) => {
    const [container] = containersOf(workload);
    if (textAt(container, 'name') !== 'inferq') return [];
    const role = textAt(container, 'args', 0);
    const readConfig = READERS[role];
    if (readConfig === undefined) return [`${titleOf(workload)} starts ${role}, which is no role`];
    const env = environmentOf(workload, objects);
    const read = new Set<string>();
    const watched: Environment = new Proxy(env, {
      get: (target, key) => (read.add(String(key)), Reflect.get(target, key)),
    });
    try {
      readConfig(watched);
    } catch (error) {
      return [`${titleOf(workload)}: ${messageOf(error)}`];
    }
    const unread = Object.keys(env).filter((name) => !read.has(name));
    return unread.map((name) => `${titleOf(workload)} sets ${name}, which its role does not read`);
  });
}
