import type { JSONWebKeySet } from 'jose';
import { messageOf } from '../../shared/errors.ts';

const TIMEOUT_MS = 5000;
const MAX_BYTES = 256 * 1024;

/** Gets a JWKS (RFC 7517 §5). Follows no redirect: the operator has said who is to be trusted. */
export async function fetchKeySet(uri: URL): Promise<JSONWebKeySet> {
  const response = await request(uri);
  const text = await readText(response);
  if (response.status !== 200) throw new Error(`The JWKS was answered with status ${response.status}`);
  const value = parse(text);
  if (!isKeySet(value)) throw new Error('The JWKS holds no keys');
  return value;
}

async function request(uri: URL): Promise<Response> {
  try {
    return await fetch(uri, {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { accept: 'application/jwk-set+json, application/json' },
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(`The JWKS cannot be fetched: ${messageOf(cause)}`, { cause: error });
  }
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > MAX_BYTES) throw new Error(`The JWKS is larger than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not its message: it quotes what it read.
    throw new Error('The JWKS is not JSON', { cause: error });
  }
}

/** A set without a key is a mishap of the issuer rather than the wish to refuse everybody. */
function isKeySet(value: unknown): value is JSONWebKeySet {
  return (
    typeof value === 'object' &&
    value !== null &&
    'keys' in value &&
    Array.isArray(value.keys) &&
    value.keys.length > 0
  );
}
