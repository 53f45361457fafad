import picocolors from 'picocolors';
import type { Writable } from 'node:stream';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** One of the two streams that a command writes to. */
export interface Screen {
  write(text: string): void;
  readonly colors: Colors;
  /** Whether a person watches and lines can be drawn over. */
  readonly interactive: boolean;
  /** Columns there now; infinite where lines are not drawn but kept. */
  readonly width: number;
  readonly stream: ScreenStream;
}

export type ScreenStream = Writable & { isTTY?: boolean; columns?: number };

export interface ScreenEnvironment {
  NO_COLOR?: string | undefined;
  TERM?: string | undefined;
  CI?: string | undefined;
}

export function createScreen(stream: ScreenStream, env: ScreenEnvironment): Screen {
  const tty = stream.isTTY === true;
  const able = tty && env.TERM !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    // https://no-color.org: set and not empty.
    colors: picocolors.createColors(able && !env.NO_COLOR),
    interactive: able && env.CI === undefined,
    get width() {
      // Some terminals say 0 when they do not know.
      return tty ? stream.columns || 80 : Infinity;
    },
    stream,
  };
}

/** Text of others, made fit for a terminal line: no escape sequences, no control characters, one line. */
export function plain(text: string): string {
  return text.replace(ESCAPE, '').replace(CONTROL, ' ').trim();
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPE = /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\[[0-9;?]*[ -/]*[@-~]|.)/g;
const CONTROL = /\p{Cc}+/gu;

/** Columns that a text takes: East Asian characters and emoji take two. */
export function columnsOf(text: string): number {
  return charactersOf(text).reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
}

/** The text, cut to so many columns. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let taken = 1;
  for (const character of charactersOf(text)) {
    taken += columnsOf(character);
    if (taken > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

// As a person counts them: an emoji of several code points is one.
function charactersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

const WIDE =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\uff01-\uff60]/u;
