import { invalidOutput } from './body.ts';

/** The vectors, one for each text. Throws `invalid_output` where there are not as many; tokens, not texts, go unchecked. */
export function oneForEach(texts: readonly string[], vectors: unknown[]): unknown[] {
  if (texts.length === 0 || vectors.length === texts.length) return vectors;
  throw invalidOutput(
    `The answer has not one vector for each text, but ${vectors.length} for ${texts.length}.`,
  );
}
