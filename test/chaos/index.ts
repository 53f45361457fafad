import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import { createScreen } from '../../cli/terminal.ts';
import { formatReport, isMet, markdownReport, type Report } from './report.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { runRow } from './runner.ts';
import { createWatch, type Watch } from './watch.ts';

interface Options {
  seed: number;
  scale: number;
  only: readonly Row[];
  out: string;
  json?: true;
  markdown?: true;
}

const ROOT = path.join(import.meta.dirname, '../..');
const WIDE = 160;

const program = new Command('npm run test:chaos --')
  .description('Breaks brokers in the ways of the table of faults, and says what held.')
  .option('--seed <number>', 'repeat the random faults of a run', readWhole, randomInt(2 ** 31))
  .option('--only <rows>', 'only these, such as 1,9,18', readRows, ROWS)
  .option('--scale <part>', 'a part of the whole size, 0.01 to 1', readScale, 1)
  .option('--out <file>', 'where the table goes as JSON', path.join(ROOT, '.inferq/chaos/last.json'))
  .option('--json', 'JSON on the standard output')
  .option('--markdown', 'a Markdown table on the standard output')
  .addHelpText('after', '\nExit: 0 all held, 1 something was missed, 130 interrupted.');

const options = program.parse().opts<Options>();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

const watch = createWatch(createScreen(process.stderr, process.env));
const report = await run(options, watch);
watch.stop();
await mkdir(path.dirname(options.out), { recursive: true });
await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
process.stdout.write(render(report));
process.exitCode = stopping.signal.aborted ? 130 : Number(!isMet(report));

async function run({ seed, scale, only }: Options, watch: Watch): Promise<Report> {
  const report: Report = { seed, scale, started: new Date().toISOString(), machine: machine(), rows: [] };
  watch.line(`Seed ${seed}, scale ${scale}: ${only.length} rows.`);
  for (const [index, row] of only.entries()) {
    if (stopping.signal.aborted) break;
    const title = `[${index + 1}/${only.length}] row ${row.row}`;
    watch.line(`${title}: ${row.injected}`);
    const begun = performance.now();
    const tell = (progress: string) =>
      watch.show(`${title}: ${progress} (${Math.round((performance.now() - begun) / 1000)} s)`);
    const result = await runRow(row, { seed, scale, signal: stopping.signal, tell });
    if (stopping.signal.aborted) break;
    report.rows.push(result);
    watch.line(`${title}: ${result.verdict}, ${result.figure} (${result.seconds} s)`);
  }
  return report;
}

function render(report: Report): string {
  if (options.json) return `${JSON.stringify(report)}\n`;
  if (options.markdown) return markdownReport(report);
  return formatReport(report, process.stdout.columns || WIDE);
}

function machine(): string {
  return `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`;
}

function readWhole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
}

function readScale(text: string): number {
  const scale = Number(text);
  if (!(scale >= 0.01 && scale <= 1)) throw new InvalidArgumentError('A number from 0.01 to 1 is wanted.');
  return scale;
}

function readRows(text: string): Row[] {
  return text.split(',').map((entry) => {
    const row = ROWS.find(({ row }) => String(row) === entry.trim());
    if (!row)
      throw new InvalidArgumentError(
        `There is no row ${entry}; there are ${ROWS.map(({ row }) => row).join(', ')}.`,
      );
    return row;
  });
}
