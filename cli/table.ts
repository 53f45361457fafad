import { columnsOf, cut, type Screen } from './terminal.ts';

const GAP = 2;

/**
 * Rows under their headings, aligned. Where a terminal is too narrow, the columns furthest right are left out and
 * the first is never cut: an id is there to be copied.
 */
export function formatTable(headings: readonly string[], rows: readonly string[][], screen: Screen): string {
  const widths = headings.map((heading, column) =>
    Math.max(columnsOf(heading), ...rows.map((row) => columnsOf(row[column] ?? ''))),
  );
  const shown = columnsThatFit(widths, screen.width);
  const line = (cells: readonly string[]) =>
    cells
      .slice(0, shown)
      .map((cell, column) => pad(cell, column === shown - 1 ? 0 : (widths[column] ?? 0)))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [screen.colors.dim(line(headings)), ...rows.map(line), ''].join('\n');
}

function columnsThatFit(widths: readonly number[], width: number): number {
  let taken = 0;
  const tooMany = widths.findIndex((columns, index) => {
    taken += columns + (index > 0 ? GAP : 0);
    return taken > width;
  });
  return tooMany < 0 ? widths.length : Math.max(1, tooMany);
}

/** `name  value` lines with the values aligned; a long value is cut at the edge of a terminal. */
export function formatFields(fields: readonly (readonly [string, string])[], screen: Screen): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + GAP;
  return fields
    .map(([name, value]) => `${screen.colors.dim(name.padEnd(width))}${cut(value, screen.width - width)}\n`)
    .join('');
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}
