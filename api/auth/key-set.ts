import { KeyObject } from 'node:crypto';
import { errors, type CryptoKey } from 'jose';
import { unverifiable } from './challenge.ts';
import type { JwtHeader } from './jwt-header.ts';
import { createKeySetCache, type KeySet, type KeySetParts } from './key-set-cache.ts';
import type { VerificationKeys } from './verification-keys.ts';

/** RFC 7518 §3.3. jsonwebtoken does not look. */
const LEAST_RSA_BITS = 2048;

/** The public keys of an issuer's JWKS, fetched when a token needs them; jose selects and imports them. */
export function createKeySet(parts: KeySetParts): VerificationKeys {
  const cache = createKeySetCache(parts);
  return {
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    async find(header) {
      const found =
        (await lookUp(await cache.current(), header)) ?? (await lookUp(await cache.afterRotation(), header));
      if (!found) throw unverifiable();
      return { key: found.key, holds: cache.voucherOf(found.set) };
    },
  };
}

interface Found {
  key: KeyObject;
  set: KeySet;
}

/** Undefined where the set has no such key. Throws Unauthenticated for one that is of no use. */
async function lookUp(set: KeySet | undefined, { alg, kid }: JwtHeader): Promise<Found | undefined> {
  if (!set) return undefined;
  try {
    const key = toKeyObject(await set.keyFor({ alg, ...(kid === undefined ? {} : { kid }) }));
    return { key, set };
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    throw unverifiable();
  }
}

function toKeyObject(cryptoKey: CryptoKey): KeyObject {
  const key = KeyObject.from(cryptoKey);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? LEAST_RSA_BITS;
  if (key.type !== 'public' || bits < LEAST_RSA_BITS) throw unverifiable();
  return key;
}
