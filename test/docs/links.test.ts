import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { blocksOf, readDocument, ROOT } from './document.ts';

const documents: string[] = [];
for await (const file of glob('{*.md,docs/**/*.md,examples/**/*.md}', { cwd: ROOT })) documents.push(file);

test('every link inside the repository leads somewhere', (t) => {
  t.true(documents.includes('ARCHITECTURE.md'));
  for (const file of documents) {
    for (const [, target = ''] of readDocument(file).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [to = '', heading] = target.split('#');
      const found = path.join(to === '' ? file : path.join(path.dirname(file), to));
      t.true(existsSync(path.join(ROOT, found)), `${file} links to ${target}`);
      if (heading !== undefined) t.true(anchorsOf(found).has(heading), `${file} links to ${target}`);
    }
  }
});

test('every source file that a document names is there, with the function named after it', (t) => {
  const named = /`((?:api|workers|shared|cli|examples|test)\/[\w./-]+\.(?:ts|mjs|lua|yaml))`(?: `(\w+)`)?/g;
  let count = 0;
  for (const document of documents) {
    for (const [, file = '', name] of readDocument(document).matchAll(named)) {
      count += 1;
      t.true(existsSync(path.join(ROOT, file)), `${document} names ${file}`);
      if (name !== undefined)
        t.true(
          new RegExp(`\\b(function\\*?|const) ${name}\\b`).test(readDocument(file)),
          `${document}: ${file} ${name}`,
        );
    }
  }
  t.true(count > 30);
});

test('no two examples send different jobs under one Idempotency-Key', (t) => {
  const keys = documents.flatMap((document) =>
    blocksOf(readDocument(document)).flatMap(({ text }) =>
      [...text.matchAll(/idempotency-?key: ['"]?([\w-]+)['"]/gi)].map(([, key = '']) => key),
    ),
  );
  t.true(keys.length >= 2);
  t.is(new Set(keys).size, keys.length, keys.join());
});

test('no document runs TypeScript with whatever Node the machine has', (t) => {
  for (const document of documents)
    t.notRegex(readDocument(document), /(?<!npx )\bnode [\w./-]+\.ts\b/, document);
});

test('every decision is in the index', async (t) => {
  const index = readDocument('docs/adr/README.md');
  for await (const file of glob('docs/adr/[0-9]*.md', { cwd: ROOT })) {
    const [, number = '', title = ''] = /^# (\d+)\. (.+)$/m.exec(readDocument(file)) ?? [];
    t.is(number.padStart(4, '0'), path.basename(file).slice(0, 4));
    t.true(index.includes(`${number}. [${title}](${path.basename(file)})`), file);
  }
});

/** The anchors that headings get: lower case, words with dashes between. */
function anchorsOf(file: string): Set<string> {
  const headings = readDocument(file).matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}
