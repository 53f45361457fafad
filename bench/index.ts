import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { endBed, type Bed } from './bed.ts';
import { toTable, worsened, type Line } from './report.ts';
import { memory, start } from './rows/footprint.ts';
import { growthOf } from './rows/growth.ts';
import { longOutputs } from './rows/long-outputs.ts';
import { submission } from './rows/submission.ts';
import { waiting } from './rows/waiting.ts';
import { batching, throughput } from './rows/worker.ts';

/** Rows that are measured together share their processes. */
const GROUPS: { rows: string[]; measure: (bed: Bed) => Promise<Line[]> }[] = [
  { rows: ['1', '2', '3', '3r'], measure: submission },
  { rows: ['4', '5', '6', '13'], measure: waiting },
  { rows: ['7'], measure: throughput },
  { rows: ['8'], measure: batching },
  { rows: ['9a'], measure: growthOf.depth },
  { rows: ['9b'], measure: growthOf.tenants },
  { rows: ['9c'], measure: growthOf.models },
  { rows: ['10a', '10b'], measure: memory },
  { rows: ['11'], measure: longOutputs },
  { rows: ['12a', '12b', '12c'], measure: start },
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'string' },
    verbose: { type: 'boolean' },
  },
});
const only = values.only?.split(',');
const unknown = only?.find((row) => !GROUPS.some(({ rows }) => isAmong(rows, row)));
if (unknown !== undefined) {
  const known = GROUPS.flatMap(({ rows }) => rows);
  process.stderr.write(`--only: there is no row ${unknown}, but ${known.join(', ')}\n`);
  process.exit(2);
}
const lines: Line[] = [];
for (const { rows, measure } of GROUPS) {
  if (only && !only.some((row) => isAmong(rows, row))) continue;
  const bed: Bed = { ends: [] };
  try {
    lines.push(...(await measure(bed)));
  } catch (error) {
    // The others are worth their time all the same.
    process.stderr.write(
      `rows ${rows.join(', ')}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 1;
  } finally {
    await endBed(bed);
  }
}
process.stdout.write(`${toTable(lines)}\n`);
if (values.json) await writeFile(values.json, `${JSON.stringify(lines, null, 2)}\n`);
if (values.compare) {
  const before: Line[] = JSON.parse(await readFile(values.compare, 'utf8'));
  const worse = worsened(before, lines);
  process.stdout.write(worse.length > 0 ? `worse than before:\n${worse.join('\n')}\n` : 'nothing is worse\n');
  process.exitCode = worse.length > 0 ? 1 : 0;
}

/** `9` is all of `9a`, `9b` and `9c`. */
function isAmong(rows: readonly string[], row: string): boolean {
  return rows.some((one) => one === row || one.replace(/\D+$/, '') === row);
}
