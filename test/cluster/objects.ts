import path from 'node:path';
import type { Cluster } from '../support/k8s/cluster.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import { isMap, textAt, titleOf, type Manifest } from '../support/k8s/manifest.ts';
import { relocate } from '../support/k8s/relocate.ts';

const OVERLAYS = path.join(import.meta.dirname, '../../k8s/overlays');

/** What goes with the checks, the last that came first. */
export interface Scope {
  teardown(end: () => unknown): void;
}

export async function overlay(name: string, namespace: string): Promise<Manifest[]> {
  return relocate(await renderKustomization(path.join(OVERLAYS, name)), namespace);
}

/** All that scales, finds and marks, with a single Redis. */
export async function everything(namespace: string): Promise<Manifest[]> {
  return relocate(await renderKustomization(path.join(import.meta.dirname, 'overlay')), namespace);
}

export function found(objects: readonly Manifest[], title: string): Manifest {
  const object = objects.find((each) => titleOf(each) === title);
  if (object === undefined) throw new Error(`${title} is not among the manifests`);
  return object;
}

/** Applies an object, with a label by which it can be found should the checks be killed; it goes with the scope. */
export async function lay(
  scope: Scope,
  cluster: Cluster,
  object: Manifest,
  namespace: string,
): Promise<void> {
  const metadata = isMap(object['metadata']) ? object['metadata'] : {};
  const labels = isMap(metadata['labels']) ? metadata['labels'] : {};
  const labelled = {
    ...object,
    metadata: { ...metadata, labels: { ...labels, 'inferq.dev/test': namespace } },
  };
  const { status, body } = await cluster.apply(labelled);
  if (status >= 300) throw new Error(`${titleOf(object)}: ${status} ${textAt(body, 'message')}`);
  scope.teardown(() => cluster.remove(object));
}
