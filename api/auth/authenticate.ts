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

export interface AuthenticateParts {
  findToken: FindToken;
  /** Undefined where JWTs are not configured: then every credential is an API token or nothing. */
  verifyJwt: VerifyJwt | undefined;
  run: RunStrategy;
}

/** Who is asking. The one entry for every kind of Bearer credential; throws Unauthenticated for none or a bad one. */
export function createAuthenticate({ findToken, verifyJwt, run }: AuthenticateParts): Authenticate {
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

  return (request, response) => {
    const credential = readCredential(request.headers.authorization);
    return remembered.find(credential) ?? verify(credential, { request, response });
  };
}

function isVerified(value: unknown): value is Verified {
  return typeof value === 'object' && value !== null && 'principal' in value && 'holds' in value;
}
