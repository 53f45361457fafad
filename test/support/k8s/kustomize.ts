import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { addHashes } from './generated.ts';
import { containersOf, isMap, kindOf, listAt, nameOf, textAt, workloads, type Manifest } from './manifest.ts';
import { applyOperation, mergeStrategically } from './patches.ts';

/** What is used of kustomize, and all that is rendered here; a test compares it with kubectl's where there is one. */
const FIELDS = new Set([
  'apiVersion',
  'kind',
  'resources',
  'components',
  'patches',
  'images',
  'configMapGenerator',
  'secretGenerator',
]);

interface Collected {
  objects: Manifest[];
  generated: Set<Manifest>;
}

/** The objects that `kubectl apply -k folder` would send. */
export async function renderKustomization(folder: string): Promise<Manifest[]> {
  const collected: Collected = { objects: [], generated: new Set() };
  await collect(folder, collected);
  addHashes(collected.objects, collected.generated);
  return collected.objects;
}

async function collect(folder: string, into: Collected): Promise<void> {
  const kustomization: unknown = parse(await readFile(path.join(folder, 'kustomization.yaml'), 'utf8'));
  if (!isMap(kustomization)) throw new Error(`${folder}/kustomization.yaml is no map`);
  for (const field of Object.keys(kustomization))
    if (!FIELDS.has(field)) throw new Error(`${folder}/kustomization.yaml: ${field} is not rendered here`);
  for (const resource of listAt(kustomization, 'resources').map(String)) {
    const place = path.join(folder, resource);
    if ((await stat(place)).isDirectory()) await collectApart(place, into);
    else for (const object of await readObjects(place)) addObject(into, object);
  }
  for (const component of listAt(kustomization, 'components').map(String))
    await collect(path.join(folder, component), into);
  for (const kind of ['ConfigMap', 'Secret']) {
    const field = kind === 'Secret' ? 'secretGenerator' : 'configMapGenerator';
    for (const generator of listAt(kustomization, field)) {
      const object = await generate(kind, generator, folder);
      if (textAt(generator, 'behavior') === 'replace') {
        replaceObject(into, object);
        continue;
      }
      addObject(into, object);
      into.generated.add(object);
    }
  }
  for (const patch of listAt(kustomization, 'patches')) await applyPatch(patch, folder, into);
  for (const image of listAt(kustomization, 'images')) renameImage(image, into.objects);
}

/** A folder under `resources` is whole by itself: its patches reach nothing outside. */
async function collectApart(folder: string, into: Collected): Promise<void> {
  const inner: Collected = { objects: [], generated: into.generated };
  await collect(folder, inner);
  for (const object of inner.objects) addObject(into, object);
}

function addObject(into: Collected, object: Manifest): void {
  if (into.objects.some((other) => idOf(other) === idOf(object)))
    throw new Error(`${idOf(object)} is there twice`);
  into.objects.push(object);
}

function replaceObject(into: Collected, { data, ...object }: Manifest): void {
  const found = into.objects.find((other) => idOf(other) === idOf(object));
  if (found === undefined) throw new Error(`${idOf(object)} is not there to be replaced`);
  found['data'] = data;
}

function idOf(object: Manifest): string {
  return [kindOf(object), textAt(object, 'metadata', 'namespace'), nameOf(object)].join('/');
}

async function readObjects(file: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(file, 'utf8')).map((document) => {
    const fault = document.errors[0];
    const object: unknown = document.toJS();
    if (fault !== undefined || !isMap(object)) throw new Error(`${file}: ${fault?.message ?? 'no object'}`);
    return object;
  });
}

async function generate(kind: string, generator: unknown, folder: string): Promise<Manifest> {
  const data: Record<string, string> = {};
  for (const literal of listAt(generator, 'literals').map(String)) {
    const sign = literal.indexOf('=');
    data[literal.slice(0, sign)] = literal.slice(sign + 1);
  }
  for (const entry of listAt(generator, 'files').map(String)) {
    const [key = '', file = key] = entry.split('=');
    data[path.basename(key)] = await readFile(path.join(folder, file), 'utf8');
  }
  const metadata = { name: textAt(generator, 'name'), namespace: textAt(generator, 'namespace') };
  if (kind === 'ConfigMap') return { apiVersion: 'v1', kind, metadata, data };
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { apiVersion: 'v1', kind, metadata, type: 'Opaque', data: Object.fromEntries(encoded) };
}

async function applyPatch(entry: unknown, folder: string, { objects }: Collected): Promise<void> {
  const file = textAt(entry, 'path');
  const patch: unknown = parse(
    file === '' ? textAt(entry, 'patch') : await readFile(path.join(folder, file), 'utf8'),
  );
  const target = isMap(entry) ? (entry['target'] ?? targetOf(patch)) : undefined;
  const hit = objects.filter((object) => matches(object, target));
  if (hit.length === 0) throw new Error(`${folder}: a patch finds nothing to change`);
  for (const object of hit) {
    if (Array.isArray(patch))
      for (const operation of structuredClone(patch)) applyOperation(object, operation);
    else if (isMap(patch)) merge(object, patch);
  }
}

function merge(object: Manifest, { apiVersion: _version, kind: _kind, metadata, ...patch }: Manifest): void {
  const { name: _name, namespace: _namespace, ...more } = isMap(metadata) ? metadata : {};
  const merged = mergeStrategically(object, structuredClone({ metadata: more, ...patch }));
  if (isMap(merged)) Object.assign(object, merged);
}

function targetOf(patch: unknown): Manifest {
  return { kind: textAt(patch, 'kind'), name: textAt(patch, 'metadata', 'name') };
}

function matches(object: Manifest, target: unknown): boolean {
  const kind = textAt(target, 'kind');
  const name = textAt(target, 'name');
  const labels = textAt(target, 'labelSelector').match(/[^,(]+(?:\([^)]*\))?/g) ?? [];
  return (
    (kind === '' || kind === kindOf(object)) &&
    (name === '' || new RegExp(`^(?:${name})$`).test(nameOf(object))) &&
    labels.every((label) => {
      // `key=value` or `key in (one, other)`
      const [, key = '', value, values] = /^([^= ]+)(?:=(.*)| in \((.*)\))$/.exec(label) ?? [];
      const wanted = values?.split(',').map((each) => each.trim()) ?? [value];
      return wanted.includes(textAt(object, 'metadata', 'labels', key));
    })
  );
}

function renameImage(image: unknown, objects: readonly Manifest[]): void {
  const name = textAt(image, 'name');
  for (const container of workloads(objects).flatMap(containersOf)) {
    const [, current = '', tag = ''] = /^(.*?)(:[^:/]+)?$/.exec(textAt(container, 'image')) ?? [];
    if (current !== name) continue;
    const newTag = textAt(image, 'newTag');
    container['image'] = (textAt(image, 'newName') || current) + (newTag ? `:${newTag}` : tag);
  }
}
