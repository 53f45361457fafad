import { containersOf, isMap, listAt, mapAt, podOf, type Manifest } from '../../support/k8s/manifest.ts';

export interface Plant {
  rule: string;
  overlay?: string;
  /** The object that is changed, `Kind/name`; generated names may lack their hash. */
  object: string;
  change: (object: Manifest, objects: Manifest[]) => void;
  fault: RegExp;
}

export const inPod = (change: (pod: Record<string, unknown>) => void) => (object: Manifest) =>
  change(podOf(object));
export const inContainer = (change: (container: Record<string, unknown>) => void) => (object: Manifest) => {
  for (const container of containersOf(object).slice(0, 1)) change(container);
};
export const inSecurity = (field: string, value: unknown) =>
  inContainer((container) => void (mapAt(container, 'securityContext')[field] = value));
export const setEnv = (name: string, value: string) =>
  inContainer((container) => {
    for (const entry of listAt(container, 'env'))
      if (isMap(entry) && entry['name'] === name) entry['value'] = value;
  });
export const removed = (object: Manifest, objects: Manifest[]): void =>
  void objects.splice(objects.indexOf(object), 1);
export const labels = (object: Manifest): Record<string, unknown> =>
  mapAt(object, 'spec', 'template', 'metadata', 'labels');
