import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { endBed, type Bed } from './bed.ts';
import { toTable, worsened, type Line } from './report.ts';
import { memory, start } from './rows/footprint.ts';
import { growth } from './rows/growth.ts';
import { longOutputs } from './rows/long-outputs.ts';
import { submission } from './rows/submission.ts';
import { waiting } from './rows/waiting.ts';
import { batching, throughput } from './rows/worker.ts';

/** Rows that are measured together share their processes. */
const GROUPS: { rows: string[]; measure: (bed: Bed) => Promise<Line[]> }[] = [
  { rows: ['1', '2', '3'], measure: submission },
  { rows: ['4', '5', '6', '13'], measure: waiting },
  { rows: ['7'], measure: throughput },
  { rows: ['8'], measure: batching },
  { rows: ['9'], measure: growth },
  { rows: ['10'], measure: memory },
  { rows: ['11'], measure: longOutputs },
  { rows: ['12'], measure: start },
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
const lines: Line[] = [];
for (const { rows, measure } of GROUPS) {
  if (only && !rows.some((row) => only.includes(row))) continue;
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
