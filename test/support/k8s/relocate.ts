import { isMap, kindOf, nameOf, textAt, type Manifest } from './manifest.ts';

const HOME = 'inferq';
/** Belong to no namespace, and can be there under any name. */
const CLUSTER_WIDE = [
  'ClusterRole',
  'ClusterRoleBinding',
  'PriorityClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
];
/** Fields that name one of those. */
const REFERENCES = new Set(['policyName', 'priorityClassName']);

/**
 * The same objects for another namespace: what lies outside of it gets the namespace into its name, so that nothing
 * there has met before. Only what a cluster has once, an APIService, keeps its name.
 */
export function relocate(objects: readonly Manifest[], namespace: string): Manifest[] {
  const renamed = new Map(
    objects.filter(isOutside).map((object) => [nameOf(object), `${nameOf(object)}-${namespace}`]),
  );
  return objects.map((object) => {
    const moved = map(object, (key, text) => relocateText(key, text, namespace, renamed));
    const copy = isMap(moved) ? moved : {};
    if (isOutside(object)) rename(copy, renamed.get(nameOf(object)) ?? '');
    if (kindOf(object) === 'Namespace' && nameOf(object) === HOME) rename(copy, namespace);
    const role = copy['roleRef'];
    if (isMap(role) && role['kind'] === 'ClusterRole')
      role['name'] = renamed.get(textAt(role, 'name')) ?? role['name'];
    return copy;
  });
}

function isOutside(object: Manifest): boolean {
  const space = textAt(object, 'metadata', 'namespace');
  return CLUSTER_WIDE.includes(kindOf(object)) || (space !== '' && space !== HOME);
}

function rename(object: Manifest, name: string): void {
  object['metadata'] = { ...(isMap(object['metadata']) ? object['metadata'] : {}), name };
}

function relocateText(
  key: string,
  text: string,
  namespace: string,
  renamed: ReadonlyMap<string, string>,
): string {
  if ((key === 'namespace' || key === 'kubernetes.io/metadata.name') && text === HOME) return namespace;
  if (REFERENCES.has(key)) return renamed.get(text) ?? text;
  return text
    .replaceAll(`.${HOME}.svc`, `.${namespace}.svc`)
    .replaceAll(`serviceaccount:${HOME}:`, `serviceaccount:${namespace}:`)
    .replace(new RegExp(`^${HOME}/`), `${namespace}/`);
}

function map(value: unknown, change: (key: string, text: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(key, value);
  if (Array.isArray(value)) return value.map((inner) => map(inner, change, key));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner, change, key)]));
}
