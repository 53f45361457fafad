import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '../..');

export interface Block {
  language: string;
  text: string;
}

/** A Markdown document of the repository, by its path from the root. */
export function readDocument(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The cells of every row of its tables, without the rows of dashes. */
function rowsOf(document: string): string[][] {
  return document
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^[| :-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The rows whose first cell is a name in backticks, by that name. */
export function namedRowsOf(document: string): Map<string, string[]> {
  return new Map(
    rowsOf(document).flatMap((cells) => {
      const name = /^`([^`]+)`$/.exec(cells[0] ?? '')?.[1];
      return name === undefined ? [] : [[name, cells] as const];
    }),
  );
}

/** The names in the tables under a heading, in order of the alphabet. */
export function namesUnder(document: string, heading: string): string[] {
  return [...namedRowsOf(sectionOf(document, heading)).keys()].sort();
}

/** The part under a heading, up to the next one of the same or a higher level. */
export function sectionOf(document: string, heading: string): string {
  const [marks = ''] = heading.split(' ');
  const [, after = ''] = `\n${document}`.split(`\n${heading}\n`);
  return after.split(new RegExp(`^#{1,${marks.length}} `, 'm'))[0] ?? '';
}

/** The fenced blocks, in order. */
export function blocksOf(document: string): Block[] {
  return [...document.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}
