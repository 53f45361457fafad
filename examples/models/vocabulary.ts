import { readFileSync } from 'node:fs';

/** How often each language has a word, or a letter. */
export type Counts = ReadonlyMap<string, number>;

/** What `phrases.txt` says of the words and letters of each language. */
export interface Vocabulary {
  words: ReadonlyMap<string, Counts>;
  letters: ReadonlyMap<string, Counts>;
}

/** Chinese and Japanese do without spaces: each character counts as a word. */
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{M}']+/gu;

/** One letter stands for all of these: for scripts with more letters than a list has, and for a to z, as in names. */
const SAMPLES = [
  [/[a-z]/gu, 'a'],
  [/\p{Script=Han}/gu, '漢'],
  [/\p{Script=Hangul}/gu, '가'],
  [/\p{Script=Hiragana}/gu, 'あ'],
  [/\p{Script=Katakana}/gu, 'ア'],
] as const;

/** From lines of `de: Guten Tag | Vielen Dank | …`. */
export function readVocabulary(file = new URL('phrases.txt', import.meta.url)): Vocabulary {
  const words = new Map<string, Map<string, number>>();
  const letters = new Map<string, Map<string, number>>();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const language = line.slice(0, line.indexOf(':'));
    const text = line.slice(language.length + 1);
    note(words, wordsOf(text), language);
    note(letters, lettersOf(text), language);
  }
  return { words, letters };
}

export function wordsOf(text: string): string[] {
  return plain(text).match(WORD) ?? [];
}

export function lettersOf(text: string): string[] {
  const sampled = SAMPLES.reduce((rest, [script, sample]) => rest.replace(script, sample), plain(text));
  return sampled.match(/[\p{L}\p{M}]/gu) ?? [];
}

function plain(text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll('’', "'");
}

function note(into: Map<string, Map<string, number>>, found: readonly string[], language: string): void {
  for (const each of found) {
    const counts = into.get(each) ?? new Map<string, number>();
    counts.set(language, (counts.get(language) ?? 0) + 1);
    into.set(each, counts);
  }
}
