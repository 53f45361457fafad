import { glob } from 'node:fs/promises';
import test from 'ava';
import { ERRORS } from '../../shared/errors.ts';
import { namedRowsOf, readDocument, ROOT } from './document.ts';

const documented = namedRowsOf(readDocument('docs/errors.md'));

test('the document has every error and no other', (t) => {
  t.deepEqual([...documented.keys()].sort(), Object.keys(ERRORS).sort());
});

test('status and retryable are those of the code', (t) => {
  for (const [code, { status, retryable }] of Object.entries(ERRORS))
    t.deepEqual(documented.get(code)?.slice(1, 3), [String(status), retryable ? 'yes' : 'no'], code);
});

test('each error has what it means and what to do', (t) => {
  for (const [code, cells] of documented) for (const cell of cells.slice(3)) t.regex(cell, /\w{3}/, code);
});

test('each error that a document names beside a status is one, with that status', async (t) => {
  let count = 0;
  for await (const file of glob('docs/**/*.md', { cwd: ROOT })) {
    for (const [, status, code = ''] of readDocument(file).matchAll(/\b([45]\d\d) (?:with )?`([a-z_]+)`/g)) {
      count += 1;
      const error = Object.entries(ERRORS).find(([name]) => name === code);
      t.is(String(error?.[1].status), String(status), `${file}: ${code}`);
    }
  }
  t.true(count > 10);
});
