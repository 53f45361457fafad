import lande from 'lande';

/** More text does not make the answer better, only slower (about 3 ms for as many characters). */
const ENOUGH_CHARACTERS = 10_000;

/** What the network says when it recognises no letter at all: an artefact of its weights, not an answer. */
const [BLANK] = lande('');

export interface Identification {
  /** ISO 639-1; `und` (undetermined, ISO 639-2) for a text without any known letter. */
  language: string;
  /** 0 to 1; what the network believes, which for two words is not worth much. */
  confidence: number;
}

/** The language of a text, out of 50. Made for sentences: of "Guten Tag" it is sure that it is Swedish. */
export function identify(text: string): Identification {
  const [best] = lande(text.slice(0, ENOUGH_CHARACTERS));
  if (best === undefined || (best[0] === BLANK?.[0] && best[1] === BLANK[1])) {
    return { language: 'und', confidence: 0 };
  }
  return { language: twoLetters(best[0]), confidence: best[1] };
}

/** ISO 639-3, which the network was trained on, to 639-1; what Unicode does not shorten, by hand. */
export function twoLetters(code: string): string {
  if (code === 'ckb') return 'ku'; // Central Kurdish, of the macrolanguage Kurdish
  if (code === 'tgl') return 'tl'; // Unicode prefers `fil`, which ISO 639-1 does not have
  return new Intl.Locale(code).language;
}
