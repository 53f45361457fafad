import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { namedRowsOf, namesUnder, readDocument, ROOT, sectionOf } from './document.ts';

const document = readDocument('docs/dependencies.md');
const PACKAGES = ['## At run time', '## For development and the demo'];

test('each direct dependency has its row, and no other has', async (t) => {
  const { dependencies, devDependencies } = await readManifest('package.json');
  const [atRunTime = '', forDevelopment = ''] = PACKAGES;
  t.deepEqual(namesUnder(document, atRunTime), Object.keys(dependencies ?? {}).sort());
  t.deepEqual(namesUnder(document, forDevelopment), Object.keys(devDependencies ?? {}).sort());
});

test('each override is explained', async (t) => {
  const { overrides = {} } = await readManifest('package.json');
  for (const [name, version] of Object.entries(overrides))
    t.true(sectionOf(document, '## Overrides').includes(`\`${name}\` to ${version}`), name);
});

test('each licence is the one that the package states', async (t) => {
  const rows = PACKAGES.flatMap((heading) => [...namedRowsOf(sectionOf(document, heading))]);
  for (const [name, [, licence]] of rows) {
    const { license } = await readManifest(`node_modules/${name}/package.json`);
    if (license !== undefined) t.is(licence, license, name);
  }
});

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  overrides?: Record<string, string>;
  license?: string;
}

async function readManifest(file: string): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(ROOT, file), 'utf8'));
}
