import test from 'ava';
import { stateDiagram, TRANSITIONS } from '../../shared/job-status.ts';
import { readDocument } from './document.ts';

const document = readDocument('docs/job-states.md');

test('the diagram in the document is that of the table', (t) => {
  t.true(document.includes(stateDiagram()), `docs/job-states.md should hold:\n${stateDiagram()}`);
});

test('the document has a row for each transition, in the order of the table, and no other', (t) => {
  const rows = [...document.matchAll(/^\| ([a-z ]+?) *\| ([a-z]*) *\| ([a-z]+) *\| (.+?) *\|$/gm)]
    .map(([, event, from, to, by]) => ({ event, from: from || null, to, by }))
    .filter(({ event }) => event !== 'event');
  t.deepEqual(rows, [...TRANSITIONS]);
});
