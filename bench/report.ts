/** One line of the table: what a metric is here, beside its floor. */
export interface Line {
  row: string;
  metric: string;
  unit: string;
  floor: number;
  ours: number;
  /** Ours to the floor, or the figure itself where there is none; lower is better unless `bar.least`. */
  ratio: number;
  bar: { most: number } | { least: number };
  /** Throughput, latency and whatever else helps to read it; never judged. */
  beside?: string;
}

export function meets({ ratio, bar }: Line): boolean {
  return 'most' in bar ? ratio <= bar.most : ratio >= bar.least;
}

/** The table as text. */
export function toTable(lines: readonly Line[]): string {
  const rows = [
    ['row', 'metric', 'floor', 'ours', 'ratio', 'bar', '', 'beside'],
    ...lines.map((line) => [
      line.row,
      line.metric,
      line.floor ? `${figure(line.floor)} ${line.unit}` : '',
      `${figure(line.ours)} ${line.unit}`,
      figure(line.ratio),
      'most' in line.bar ? `<= ${line.bar.most}` : `>= ${line.bar.least}`,
      meets(line) ? 'met' : 'MISSED',
      line.beside ?? '',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const TOLERANCE = 1.15;

/** What has got worse than it was, by more than 15 %. */
export function worsened(before: readonly Line[], now: readonly Line[]): string[] {
  return now.flatMap((line) => {
    const old = before.find(({ row }) => row === line.row);
    if (!old) return [];
    const change = 'most' in line.bar ? line.ratio / old.ratio : old.ratio / line.ratio;
    if (change <= TOLERANCE) return [];
    return [`${line.row} ${line.metric}: ${figure(old.ratio)} before, ${figure(line.ratio)} now`];
  });
}
