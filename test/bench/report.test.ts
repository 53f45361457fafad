import test from 'ava';
import { meets, toTable, worsened, type Line } from '../../bench/report.ts';

const line = (row: string, ratio: number, bar: Line['bar']): Line => ({
  row,
  metric: 'something',
  unit: 'µs',
  floor: 100,
  ours: 100 * ratio,
  ratio,
  bar,
});

test('a ratio that got worse by more than 15 % is told, in the direction that its bar has', (t) => {
  const before = [line('1', 1, { most: 1.5 }), line('7', 1, { least: 0.8 }), line('8', 10, { least: 8 })];
  const now = [line('1', 1.16, { most: 1.5 }), line('7', 0.9, { least: 0.8 }), line('8', 8.5, { least: 8 })];
  t.deepEqual(worsened(before, now), [
    '1 something: 1.00 before, 1.16 now',
    '8 something: 10.0 before, 8.50 now',
  ]);
  t.deepEqual(worsened(before, before), []);
  t.deepEqual(worsened([], now), [], 'what is new is no worse');
});

test('the table says of each bar whether it is met', (t) => {
  const lines = [
    line('1', 1.5, { most: 1.5 }),
    line('2', 1.51, { most: 1.5 }),
    line('7', 0.8, { least: 0.85 }),
  ];
  t.deepEqual(lines.map(meets), [true, false, false]);
  const table = toTable(lines).split('\n');
  t.is(table.length, 4);
  t.regex(table[1] ?? '', /100 µs +150 µs +1\.50 +<= 1\.5 +met/);
  t.regex(table[3] ?? '', />= 0\.85 +MISSED/);
});
