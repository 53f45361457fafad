import { Readable } from 'node:stream';
import type { Texts } from '../../shared/blobs/texts.ts';
import { jobPieces, type Include, type StoredJob } from '../../shared/stored-job.ts';
import type { Answer } from '../http/route.ts';

/** So much is written at once at most: others have their turn between two pieces. */
const PIECE = 64 * 1024;

/** A job as JSON: whole where it is small, else as it comes from where its texts lie. */
export async function jobBody(
  texts: Texts,
  job: StoredJob,
  include?: Include,
): Promise<Pick<Answer, 'json' | 'stream'>> {
  const pieces = jobPieces(await texts.opened(job), include);
  const small = pieces.filter((piece) => typeof piece === 'string');
  if (small.length === pieces.length) return { json: small.join('') };
  return { stream: Readable.from(piecewise(pieces)) };
}

/** Texts and streams, one after the other. Streams that nobody came to read are closed. */
export async function* piecewise(
  pieces: readonly (string | Readable)[],
): AsyncGenerator<string | Uint8Array> {
  try {
    for (const piece of pieces) {
      if (typeof piece === 'string') yield* slices(piece);
      else yield* piece;
    }
  } finally {
    for (const piece of pieces) if (typeof piece !== 'string') piece.destroy();
  }
}

function* slices(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const to = from + PIECE;
    // Not between the halves of a character.
    const end = (text.codePointAt(to - 1) ?? 0) > 0xffff ? to + 1 : to;
    yield text.slice(from, end);
    from = end;
  }
}
