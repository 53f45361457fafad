import { Readable } from 'node:stream';
import type { OpenText, Texts } from '../../shared/blobs/texts.ts';
import { jobPieces, type Include, type StoredJob } from '../../shared/stored-job.ts';
import type { Answer } from '../http/route.ts';
import { slices } from '../http/slices.ts';

/** A job as JSON: whole where it is small, else as it comes from where its texts lie. */
export async function jobBody(
  texts: Texts,
  job: StoredJob,
  include?: Include,
): Promise<Pick<Answer, 'json' | 'stream'>> {
  const pieces = jobPieces(await texts.located(job), include);
  const small = pieces.filter((piece) => typeof piece === 'string');
  if (small.length === pieces.length) return { json: small.join('') };
  return { stream: Readable.from(piecewise(pieces)) };
}

/**
 * Texts, one after the other. A large one is opened here alone: a generator that never begins, as when the client has
 * left, closes nothing.
 */
export async function* piecewise(
  pieces: readonly (string | OpenText)[],
): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) {
    if (typeof piece === 'string') yield* slices(piece);
    else yield* await piece();
  }
}
