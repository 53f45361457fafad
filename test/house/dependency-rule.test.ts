import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';

const ROOT = path.join(import.meta.dirname, '../..');

const LAUNCHER = /^cli\/(up\.ts|local\/)/;

interface Source {
  file: string;
  text: string;
  /** The folder at the top, and the packages, that it imports. */
  folders: Set<string>;
  packages: Set<string>;
}

const sources: Source[] = [];
for (const folder of [
  'api',
  'workers',
  'shared',
  'cli',
  'client/src',
  'dashboard',
  'docs/generate',
  'examples',
]) {
  for await (const file of glob(`${folder}/**/*.{ts,tsx,mjs}`, { cwd: ROOT }))
    sources.push(await readSource(file));
}

test('the sources are found', (t) => {
  t.true(sources.length > 100);
  const app = sources.find(({ file }) => file === 'api/app.ts');
  t.true(app?.packages.has('express'));
  t.true(app?.folders.has('shared'));
});

test('api and workers import shared and never each other; shared imports neither', (t) => {
  const allowed: Record<string, string[]> = {
    api: ['api', 'shared'],
    workers: ['workers', 'shared'],
    shared: ['shared'],
    cli: ['cli', 'shared'],
    dashboard: ['dashboard', 'shared', 'api'],
    client: ['client'],
    docs: ['docs', 'cli'],
    examples: ['examples'],
  };
  for (const { file, folders } of sources) {
    const top = file.split(path.sep)[0] ?? '';
    for (const folder of folders) t.true(allowed[top]?.includes(folder), `${file} imports ${folder}/`);
  }
});

test('the dashboard has of the rest only types, and what depends on nothing', (t) => {
  const plain = [
    'shared/job-status.ts',
    'shared/live-body.ts',
    'shared/principal.ts',
    'shared/webhooks/delivery-status.ts',
  ];
  for (const { file, text } of sources.filter((source) => source.file.startsWith('dashboard'))) {
    for (const [, specifier = ''] of text.matchAll(
      /^(?:import|export) (?!type\b)[^;]*? from '(\.[^']+)'/gm,
    )) {
      const target = path.join(path.dirname(file), specifier);
      t.true(target.startsWith('dashboard') || plain.includes(target), `${file} imports ${target}`);
    }
  }
  for (const name of plain) {
    const { text = '' } = sources.find(({ file }) => file === name) ?? {};
    t.notRegex(text, /^import (?!type\b)/m, name);
  }
});

test('each outside library stays in its place', (t) => {
  const places: Record<string, (file: string) => boolean> = {
    '@kubernetes/client-node': (file) => file.startsWith('shared/kubernetes/'),
    express: (file) => file.startsWith('api/'),
    passport: (file) => file.startsWith('api/auth/'),
    bullmq: (file) => file.startsWith('shared/redis/') || file.startsWith('workers/'),
    ioredis: (file) => file.startsWith('shared/redis/'),
    jsonata: (file) => file.startsWith('workers/transforms/') || file === 'shared/models/expression.ts',
    cockatiel: (file) => file === 'workers/routing/circuit.ts' || file === 'workers/webhooks/receiver.ts',
    '@opentelemetry/api': (file) => file === 'shared/observe/traces.ts',
    '@opentelemetry/sdk-trace': (file) => file === 'shared/observe/traces.ts',
    commander: (file) => file.startsWith('cli/'),
    preact: (file) => file.startsWith('dashboard/'),
    vite: (file) => file === 'dashboard/vite.config.ts',
  };
  for (const { file, packages } of sources)
    for (const name of packages) t.true(places[name]?.(file) ?? true, `${file} imports ${name}`);
});

test('the environment is read in an index file alone', (t) => {
  const readers = sources
    .filter(({ file, text }) => /\bprocess\.env\b/.test(text) && !file.endsWith('.mjs'))
    // A page has none; a program that it shows has.
    .filter(({ file }) => !file.startsWith('dashboard'))
    .map(({ file }) => file)
    // The launcher starts programs, and hands its own environment on to them.
    .filter((file) => !/(^|\/)index\.ts$/.test(file) && !LAUNCHER.test(file));
  t.deepEqual(readers, []);
});

test('no file holds a drawer of leftovers, and none is longer than 300 lines', (t) => {
  for (const { file, text } of sources) {
    t.notRegex(path.basename(file), /^(utils?|helpers?|common|misc)\./, file);
    // What is made from the OpenAPI document is read by nobody.
    if (file !== 'client/src/schema.ts') t.true(text.split('\n').length <= 300, `${file} is too long`);
  }
});

async function readSource(file: string): Promise<Source> {
  const text = await readFile(path.join(ROOT, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  );
  const local = specifiers.filter((specifier) => specifier.startsWith('.'));
  const outside = specifiers.filter(
    (specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'),
  );
  const topOf = (specifier: string): string =>
    path.join(path.dirname(file), specifier).split(path.sep)[0] ?? '';
  return { file, text, folders: new Set(local.map(topOf)), packages: new Set(outside.map(packageOf)) };
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
