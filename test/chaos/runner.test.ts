import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { isAlive } from '../../cli/local/process-exit.ts';
import { until } from '../support/until.ts';
import { formatReport, isMet, markdownReport, type Report } from './report.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { runRow, type RowResult } from './runner.ts';

const program = path.join(import.meta.dirname, 'fixtures/hanging-row.ts');
const never: Row = {
  row: 99,
  injected: 'nothing',
  bar: 'an end',
  deadline: 3,
  run: () => new Promise(() => {}),
};
const options = { seed: 1, scale: 1, signal: new AbortController().signal, tell: () => undefined };

test('a row that hangs is ended at its deadline with all that it started, and counts as missed', async (t) => {
  let pid = 0;
  const deadline = 20;
  const result = await runRow(
    { ...never, deadline },
    { ...options, program, tell: (text) => (pid = Number(text)) },
  );
  t.like(result, { row: 99, verdict: 'missed', figure: 'hung: no end within 20 s' });
  t.true(pid > 0, 'it had started something');
  await until(() => !isAlive(pid));
});

test('an interrupted row takes all that it started with it', async (t) => {
  let pid = 0;
  const stopping = new AbortController();
  const tell = (text: string) => {
    pid = Number(text);
    stopping.abort();
  };
  const result = await runRow(
    { ...never, deadline: 60 },
    { ...options, program, signal: stopping.signal, tell },
  );
  t.like(result, { verdict: 'missed', figure: 'interrupted' });
  await until(() => !isAlive(pid));
});

test('a row that dies counts as missed', async (t) => {
  // There is no such row to run.
  const result = await runRow({ ...never, deadline: 60 }, options);
  t.like(result, { verdict: 'missed', figure: 'it ended without a finding' });
});

const held: RowResult = {
  row: 1,
  injected: 'kills',
  bar: '0 lost',
  figure: '0 lost',
  verdict: 'held',
  seconds: 1,
};
const report = (...rows: RowResult[]): Report => ({
  seed: 7,
  scale: 1,
  started: '2026-01-01T00:00:00.000Z',
  machine: '2 cores',
  rows,
});

test('a report is met when nothing was missed', (t) => {
  t.true(isMet(report(held, { ...held, row: 3, verdict: 'skipped' })));
  t.false(isMet(report(held, { ...held, row: 2, verdict: 'missed' })));
});

test('the table wraps its texts, and says the seed', (t) => {
  const long = { ...held, figure: 'a figure of very many words '.repeat(8) };
  const table = formatReport(report(long), 100);
  t.true(
    table.split('\n').every((line) => line.length <= 100),
    table,
  );
  t.regex(table, /^row +injected +bar +figure +verdict\n/);
  t.regex(table, /1 of 1 held\. Seed 7, scale 1, 2 cores\./);
  t.true(markdownReport(report(held)).endsWith('| 1 | kills | 0 lost | 0 lost | held |\n'));
});

test('the rows are numbered in order, and each has its own file of figures', (t) => {
  const numbers = ROWS.map(({ row }) => row);
  t.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
  );
});

test('a row or a scale that there is not is refused before anything starts', async (t) => {
  for (const args of [
    ['--only', '99'],
    ['--scale', '2'],
    ['--seed', 'x'],
  ]) {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'index.ts'), ...args]);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    t.is(code, 1);
    t.regex(said, /error: option '--\w+ <\w+>' argument '\w+' is invalid/);
  }
});
