import { createHash } from 'node:crypto';
import { isMap, kindOf, nameOf, textAt, walk, type Manifest } from './manifest.ts';

const REFERENCES: Record<string, { kind: string; field: string }[]> = {
  configMapRef: [{ kind: 'ConfigMap', field: 'name' }],
  configMapKeyRef: [{ kind: 'ConfigMap', field: 'name' }],
  configMap: [{ kind: 'ConfigMap', field: 'name' }],
  secretRef: [{ kind: 'Secret', field: 'name' }],
  secretKeyRef: [{ kind: 'Secret', field: 'name' }],
  secret: [
    { kind: 'Secret', field: 'secretName' },
    { kind: 'Secret', field: 'name' },
  ],
};

/** A place where an object names a ConfigMap or a Secret. */
export interface Reference {
  kind: string;
  name: string;
  /** The key in it, where one is named. */
  key: string | undefined;
  rename: (name: string) => void;
}

export function referencesOf(object: Manifest): Reference[] {
  return [...walk(object)].flatMap(([key, value]) =>
    (isMap(value) ? (REFERENCES[key] ?? []) : []).flatMap(({ kind, field }) => {
      const holder = isMap(value) ? value : {};
      const name = holder[field];
      if (typeof name !== 'string') return [];
      const rename = (to: string): void => void (holder[field] = to);
      return [{ kind, name, key: textAt(holder, 'key') || undefined, rename }];
    }),
  );
}

/** Gives generated objects the name with the hash of their content, wherever they are named. */
export function addHashes(objects: readonly Manifest[], generated: ReadonlySet<Manifest>): void {
  const names = new Map<string, string>();
  for (const object of generated) {
    const name = `${nameOf(object)}-${hashOf(object)}`;
    names.set(`${kindOf(object)}/${nameOf(object)}`, name);
    object['metadata'] = { ...(isMap(object['metadata']) ? object['metadata'] : {}), name };
  }
  for (const object of objects) {
    for (const { kind, name, rename } of referencesOf(object)) {
      const renamed = names.get(`${kind}/${name}`);
      if (renamed !== undefined) rename(renamed);
    }
  }
}

/** As kustomize has it: ten digits of the SHA-256 of the sorted JSON, in letters that make no words. */
function hashOf(object: Manifest): string {
  const { data, kind, type } = object;
  const sorted = isMap(data)
    ? Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)))
    : {};
  // Kustomize means to put the name in, and puts in none.
  const text = JSON.stringify({ data: sorted, kind, name: '', ...(type === undefined ? {} : { type }) });
  const digest = createHash('sha256').update(escapeAsGo(text)).digest('hex').slice(0, 10);
  const letters: Record<string, string> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
  return digest.replace(/[013ae]/g, (digit) => letters[digit] ?? digit);
}

function escapeAsGo(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
