/** A Kubernetes object as it stands in YAML. */
export type Manifest = Record<string, unknown>;

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What lies at the path, or undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)];
    return isMap(inner) ? inner[key] : undefined;
  }, value);
}

export function mapAt(value: unknown, ...path: (string | number)[]): Record<string, unknown> {
  const found = at(value, ...path);
  return isMap(found) ? found : {};
}

export function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

export function kindOf(object: Manifest): string {
  return textAt(object, 'kind');
}

export function nameOf(object: Manifest): string {
  return textAt(object, 'metadata', 'name');
}

/** `Deployment/api`, for people. */
export function titleOf(object: Manifest): string {
  return `${kindOf(object)}/${nameOf(object)}`;
}

export function ofKind(objects: readonly Manifest[], ...kinds: string[]): Manifest[] {
  return objects.filter((object) => kinds.includes(kindOf(object)));
}

/** What runs pods; each has its template at `spec.template`. */
export function workloads(objects: readonly Manifest[]): Manifest[] {
  return ofKind(objects, 'Deployment', 'StatefulSet', 'DaemonSet', 'Job');
}

export function podOf(workload: Manifest): Record<string, unknown> {
  return mapAt(workload, 'spec', 'template', 'spec');
}

export function podLabels(workload: Manifest): Record<string, unknown> {
  return mapAt(workload, 'spec', 'template', 'metadata', 'labels');
}

export function containersOf(workload: Manifest): Record<string, unknown>[] {
  const pod = podOf(workload);
  return [...listAt(pod, 'containers'), ...listAt(pod, 'initContainers')].filter(isMap);
}

/** Every `[key, value, path]` below, maps and lists alike. */
export function* walk(value: unknown, path = ''): Generator<[key: string, value: unknown, path: string]> {
  const entries = Array.isArray(value) ? value.entries() : isMap(value) ? Object.entries(value) : [];
  for (const [key, inner] of entries) {
    const where = `${path}/${key}`;
    yield [String(key), inner, where];
    yield* walk(inner, where);
  }
}
