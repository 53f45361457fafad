import type { Request, Response } from 'express';
import type { Principal } from '../../shared/principal.ts';
import { ApiTokenStrategy, type FindToken } from './api-token-strategy.ts';
import { unverifiable } from './challenge.ts';
import { looksLikeJwt, readCredential } from './credential.ts';
import type { VerifyJwt } from './jwt.ts';
import { createRemembered, type Verified } from './remembered.ts';
import type { Exchange, RunStrategy } from './run-strategy.ts';

/** At once where the credential is remembered. */
export type Authenticate = (request: Request, response: Response) => Principal | Promise<Principal>;

export interface AuthenticationParts {
  findToken: FindToken;
  /** Undefined where JWTs are not configured: then every credential is an API token or nothing. */
  verifyJwt: VerifyJwt | undefined;
  run: RunStrategy;
}

/** The one entry for every kind of Bearer credential. */
export interface Authentication {
  /** Who is asking; throws Unauthenticated for no credential or a bad one. */
  authenticate: Authenticate;
  /** Whether an API token that was good has been revoked or has expired. A JWT is good for what has begun with it. */
  isRevoked: (authorization: string | undefined) => Promise<boolean>;
}

export function createAuthentication({ findToken, verifyJwt, run }: AuthenticationParts): Authentication {
  const remembered = createRemembered();

  async function verify(credential: string, exchange: Exchange): Promise<Principal> {
    const verified =
      verifyJwt && looksLikeJwt(credential)
        ? await verifyJwt(credential, exchange)
        : await run(new ApiTokenStrategy(findToken, credential), exchange);
    if (!isVerified(verified)) throw unverifiable();
    remembered.add(credential, verified);
    return verified.principal;
  }

  return {
    authenticate(request, response) {
      const credential = readCredential(request.headers.authorization);
      return remembered.find(credential) ?? verify(credential, { request, response });
    },
    async isRevoked(authorization) {
      if (authorization === undefined) return false;
      const credential = readCredential(authorization);
      if ((verifyJwt && looksLikeJwt(credential)) || remembered.find(credential)) return false;
      return (await findToken(credential)) === undefined;
    },
  };
}

function isVerified(value: unknown): value is Verified {
  return typeof value === 'object' && value !== null && 'principal' in value && 'holds' in value;
}
