import { decodeJwt, decodeProtectedHeader } from 'jose';
import { unverifiable } from './challenge.ts';

/** All that is ever taken from a token's header, before the token is known to be genuine. */
export interface JwtHeader {
  /** One of those that the configuration allows. */
  alg: string;
  /** Says which key of the key set to try; it is compared, and nothing else. */
  kid: string | undefined;
}

/**
 * Reads a JWT's header; `jku`, `jwk`, `x5u` and `x5c`, by which a forger would bring a key along, are not looked at.
 * Throws Unauthenticated for an algorithm that is not allowed, `none` for one, and for `crit`: jsonwebtoken overlooks
 * that a token demands what nobody here understands (RFC 7515 §4.1.11).
 */
export function readHeader(token: string, algorithms: readonly string[]): JwtHeader {
  const { alg, kid, crit } = decode(token);
  if (alg === undefined || !algorithms.includes(alg) || crit !== undefined) throw unverifiable();
  return { alg, kid };
}

function decode(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    // jsonwebtoken falls over claims that are not an object.
    decodeJwt(token);
    return decodeProtectedHeader(token);
  } catch {
    throw unverifiable();
  }
}
