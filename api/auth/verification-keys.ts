import type { KeyObject } from 'node:crypto';
import type { JwtHeader } from './jwt-header.ts';

export interface VerificationKey {
  key: KeyObject;
  /** Whether the key is still known to be good; false as soon as it may have been withdrawn. */
  holds: () => boolean;
}

/** Where the keys that verify JWTs come from. What they are fixes the algorithms; no token has a say in that. */
export interface VerificationKeys {
  readonly algorithms: readonly string[];
  /** Throws Unauthenticated where there is no such key, `keys_unavailable` where that cannot be told. */
  find(header: JwtHeader): Promise<VerificationKey>;
}

/** The one shared secret: HS256. A KeyObject of type `secret` fits no other kind of algorithm. */
export function createSecretKeys(secret: KeyObject): VerificationKeys {
  const key: VerificationKey = { key: secret, holds: () => true };
  return { algorithms: ['HS256'], find: async () => key };
}
