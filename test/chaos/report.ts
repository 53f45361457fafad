import { columnsOf } from '../../cli/terminal.ts';
import type { RowResult } from './runner.ts';

export interface Report {
  seed: number;
  scale: number;
  started: string;
  machine: string;
  rows: RowResult[];
}

const HEADINGS = ['row', 'injected', 'bar', 'figure', 'verdict'];
/** The parts that the three texts have of what is left. */
const SHARES = [0.34, 0.27, 0.39];
const ROW_COLUMNS = 3;
const VERDICT_COLUMNS = 7;
const LEAST_COLUMNS = 60;

/** Whether nothing was missed. */
export function isMet({ rows }: Report): boolean {
  return rows.every(({ verdict }) => verdict !== 'missed');
}

/** A table whose texts are wrapped, so many columns wide. */
export function formatReport(report: Report, columns: number): string {
  const left = Math.max(LEAST_COLUMNS, columns) - ROW_COLUMNS - VERDICT_COLUMNS - 2 * (HEADINGS.length - 1);
  const widths = [ROW_COLUMNS, ...SHARES.map((share) => Math.floor(left * share)), VERDICT_COLUMNS];
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const rows = report.rows.map((row) => formatRow(cellsOf(row), widths));
  return `${[formatRow(HEADINGS, widths), rule, ...rows, rule, conclusion(report)].join('\n')}\n`;
}

export function markdownReport(report: Report): string {
  const lines = [HEADINGS, HEADINGS.map(() => '---'), ...report.rows.map(cellsOf)];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function cellsOf({ row, injected, bar, figure, verdict }: RowResult): string[] {
  return [String(row), injected, bar, figure, verdict];
}

function conclusion({ rows, seed, scale, machine }: Report): string {
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const skipped = count('skipped');
  const parts = [`${count('held')} of ${rows.length} held`, ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  return `${parts.join(', ')}. Seed ${seed}, scale ${scale}, ${machine}.`;
}

function formatRow(cells: readonly string[], widths: readonly number[]): string {
  const wrapped = cells.map((cell, column) => wrap(cell, widths[column] ?? 1));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((lines, column) => pad(lines[line] ?? '', widths[column] ?? 1))
      .join('  ')
      .trimEnd(),
  ).join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && columnsOf(`${line} ${word}`) > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}
