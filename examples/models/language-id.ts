import lande from 'lande';
import { type Counts, lettersOf, readVocabulary, type Vocabulary, wordsOf } from './vocabulary.ts';

/** More text does not make the answer better, only slower (about 3 ms for as many characters). */
const ENOUGH_CHARACTERS = 10_000;

/**
 * How much each source counts, in logarithms of odds: near the best likelihood of each phrase of `phrases.txt` under all
 * the others, with more for words than that says, for there each word that occurs once is missing. The network is sure
 * even where it errs, hence the floor; it counts half at `HALF_TRUSTED` characters.
 */
const HALF_TRUSTED = 30;
const FLOOR = 1e-4;
const KNOWN_WORD = 3;
const FREQUENT_WORD = 0.5;
const KNOWN_LETTER = 5;

/** What the network says when it recognises no letter at all: an artefact of its weights, not an answer. */
const [BLANK] = lande('');

export interface Identification {
  /** ISO 639-1; `und` (undetermined, ISO 639-2) for a text without any known letter. */
  language: string;
  /** 0 to 1; the share of this language in what network, words and letters say together. */
  confidence: number;
}

let vocabulary: Vocabulary | undefined;

/** The language of a text, out of 50: what the network makes of it, and whose words and letters it is written in. */
export function identify(text: string): Identification {
  vocabulary ??= readVocabulary();
  const start = text.slice(0, ENOUGH_CHARACTERS);
  const letters = known(lettersOf(start), vocabulary.letters);
  if (letters.length === 0) return { language: 'und', confidence: 0 };
  const odds = networkOdds(start);
  for (const counts of letters) add(odds, counts, () => KNOWN_LETTER);
  for (const counts of known(wordsOf(start), vocabulary.words)) {
    add(odds, counts, (count) => KNOWN_WORD + FREQUENT_WORD * Math.log(count));
  }
  return likeliest(odds);
}

/** ISO 639-3, which the network was trained on, to 639-1; what Unicode does not shorten, by hand. */
export function twoLetters(code: string): string {
  if (code === 'ckb') return 'ku'; // Central Kurdish, of the macrolanguage Kurdish
  if (code === 'tgl') return 'tl'; // Unicode prefers `fil`, which ISO 639-1 does not have
  return new Intl.Locale(code).language;
}

/** By language, in logarithms. */
type Odds = Map<string, number>;

function networkOdds(text: string): Odds {
  const shares = lande(text);
  const blank = shares[0]?.[0] === BLANK?.[0] && shares[0]?.[1] === BLANK?.[1];
  const trust = blank ? 0 : text.length / (text.length + HALF_TRUSTED);
  return new Map(shares.map(([code, share]) => [twoLetters(code), trust * Math.log(share + FLOOR)]));
}

/** What is known of each word or letter; of one that no language is known to have, nothing. */
function known(found: readonly string[], counts: ReadonlyMap<string, Counts>): Counts[] {
  return [...new Set(found)].flatMap((each) => counts.get(each) ?? []);
}

function add(odds: Odds, counts: Counts, weight: (count: number) => number): void {
  for (const [language, count] of counts) odds.set(language, (odds.get(language) ?? 0) + weight(count));
}

function likeliest(odds: Odds): Identification {
  const [language, most] = [...odds].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  const sum = [...odds.values()].reduce((sum, each) => sum + Math.exp(each - most), 0);
  return { language, confidence: 1 / sum };
}
