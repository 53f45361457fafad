import { glob } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { runCommand } from '../../cli/local/command.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import { isMap, nameOf, titleOf, type Manifest } from '../support/k8s/manifest.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const folders: string[] = [];
for await (const file of glob('k8s/overlays/*/kustomization.yaml', { cwd: ROOT }))
  folders.push(path.dirname(file));

/** kubectl carries kustomize; components with patches of their own need version 5. */
const { stdout: kubectl } = await runCommand('kubectl', ['version', '--client']);
const hasKustomize = /^Kustomize Version: v[5-9]/m.test(kubectl);

test('every overlay renders', async (t) => {
  t.deepEqual(folders.map((folder) => path.basename(folder)).sort(), [
    'dev',
    'keda',
    'multi-cluster',
    'production',
  ]);
  for (const folder of folders) {
    const objects = await renderKustomization(path.join(ROOT, folder));
    t.true(objects.length > 20, folder);
  }
});

(hasKustomize ? test : test.skip)('kubectl renders the same', async (t) => {
  for (const folder of folders) {
    const rendered = await runCommand('kubectl', ['kustomize', path.join(ROOT, folder)]);
    t.true(rendered.ok, rendered.stderr);
    const theirs = parseAllDocuments(rendered.stdout).map((document): unknown => document.toJS());
    const ours = await renderKustomization(path.join(ROOT, folder));
    t.deepEqual(byTitle(ours), byTitle(theirs.filter(isMap)), folder);
  }
});

/** Kustomize puts what a patch adds to a list first: lists of named things have no order that matters. */
function byTitle(objects: Manifest[]): Record<string, unknown> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), ordered(object)]));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(ordered);
    return items.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ordered(inner)]));
}

function key(item: unknown): string {
  return isMap(item) ? nameOf({ metadata: item }) || JSON.stringify(item) : '';
}
