import { hash } from 'node:crypto';
import type { Principal } from '../../shared/principal.ts';

/** What a credential was found to be. */
export interface Verified {
  principal: Principal;
  /** Whether that may still be taken for granted: false once it expired, or who vouched for it may think otherwise. */
  holds: () => boolean;
}

export interface Remembered {
  find(credential: string): Principal | undefined;
  add(credential: string, verified: Verified): void;
}

const MOST = 10_000;

/**
 * Verified credentials, so that a busy client costs one verification and not one a request. Kept by SHA-256: a memory
 * dump shows no credential. Only what was verified gets in, so a flood of forgeries cannot drive anybody out.
 */
export function createRemembered(most = MOST): Remembered {
  const entries = new Map<string, Verified>();
  return {
    find(credential) {
      const key = digest(credential);
      const entry = entries.get(key);
      if (entry?.holds()) return entry.principal;
      entries.delete(key);
      return undefined;
    },
    add(credential, verified) {
      const key = digest(credential);
      const oldest = entries.size >= most && !entries.has(key) ? entries.keys().next().value : undefined;
      if (oldest !== undefined) entries.delete(oldest);
      entries.set(key, verified);
    },
  };
}

function digest(credential: string): string {
  return hash('sha256', credential, 'base64');
}
