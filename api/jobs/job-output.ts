import type { Texts } from '../../shared/blobs/texts.ts';
import { InferqError } from '../../shared/errors.ts';
import type { Text } from '../../shared/text.ts';
import type { Answer } from '../http/route.ts';

/** How long the address is good to which a client is sent; it is for one download that begins now. */
const REDIRECT_SECONDS = 300;

/** The output alone. A large one is passed on as it comes, or fetched by the client where the store can be asked. */
export async function outputAnswer(texts: Texts, output: Text, redirect: boolean): Promise<Answer> {
  if (typeof output === 'string') return { status: 200, json: output };
  const location = redirect ? await texts.presign(output, REDIRECT_SECONDS) : undefined;
  if (location !== undefined) return { status: 302, headers: { location, 'cache-control': 'no-store' } };
  const stream = await texts.open(output);
  const headers = { 'content-length': String(output.bytes) };
  return { status: 200, stream, headers };
}

/** Reads `?redirect=`. */
export function readRedirect(text: string | undefined): boolean {
  if (text === 'true') return true;
  if (text === undefined || text === 'false') return false;
  const detail = "redirect must be 'true' or 'false'.";
  throw new InferqError('invalid_request', detail, { errors: [{ pointer: '?redirect', detail }] });
}
