import test from 'ava';
import { ERRORS } from '../../shared/errors.ts';
import { namedRowsOf, readDocument } from './document.ts';

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
