import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { Strategy } from 'passport';
import type { Principal } from '../../shared/principal.ts';

/** Finds the principal of a credential; undefined where it is none. */
export type FindPrincipal = (credential: string) => Promise<Principal | undefined>;

/** A passport strategy for API tokens in `Authorization: Bearer …` (RFC 6750). */
export class BearerStrategy extends Strategy {
  override readonly name = 'bearer';
  // Not a #private field: passport calls an object that only inherits from this one.
  readonly find: FindPrincipal;

  constructor(find: FindPrincipal) {
    super();
    this.find = find;
  }

  override authenticate(request: Request): void {
    const credential = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/i.exec(
      request.headers.authorization ?? '',
    )?.[1];
    if (credential === undefined) return this.fail('Send Authorization: Bearer <token>.', 401);
    this.find(credential).then(
      (principal) =>
        principal ? this.success(principal) : this.fail('The credential is not known, or not any more.', 401),
      (error: unknown) => this.error(error),
    );
  }
}

const REMEMBERED_MS = 2000;
const MOST_REMEMBERED = 10_000;

/**
 * Remembers whom a credential belongs to for two seconds, so that a busy client does not cost a look-up a request; a
 * revocation is thus seen within that time. Kept by hash: a memory dump shows no credential.
 */
export function rememberPrincipals(
  find: FindPrincipal,
  now: () => number = performance.now.bind(performance),
): FindPrincipal {
  const remembered = new Map<string, { principal: Principal; until: number }>();
  return async (credential) => {
    const hash = createHash('sha256').update(credential).digest('base64');
    const known = remembered.get(hash);
    if (known && known.until > now()) return known.principal;
    remembered.delete(hash);
    const principal = await find(credential);
    if (!principal) return undefined;
    const oldest = remembered.size >= MOST_REMEMBERED ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(hash, { principal, until: now() + REMEMBERED_MS });
    return principal;
  };
}
