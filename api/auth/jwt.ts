import type { KeyObject } from 'node:crypto';
import { Strategy as JwtStrategy } from 'passport-jwt';
import type { Strategy } from 'passport';
import type { JwtConfig } from '../../shared/config.ts';
import { EdDsaStrategy } from './eddsa-strategy.ts';
import { LEEWAY_SECONDS, readClaims, type Claims } from './jwt-claims.ts';
import { explainJwtFault } from './jwt-fault.ts';
import { readHeader } from './jwt-header.ts';
import type { Verified } from './remembered.ts';
import type { Exchange, RunStrategy } from './run-strategy.ts';
import type { VerificationKeys } from './verification-keys.ts';

/** Verifies a JWT. Throws Unauthenticated, or `keys_unavailable` where that cannot be told. */
export type VerifyJwt = (token: string, exchange: Exchange) => Promise<Verified>;

type Rules = Pick<JwtConfig, 'issuer' | 'audience' | 'tenantClaim'>;

export function createJwtVerifier(rules: Rules, keys: VerificationKeys, run: RunStrategy): VerifyJwt {
  return async (token, exchange) => {
    const header = readHeader(token, keys.algorithms);
    const { key, holds } = await keys.find(header);
    const strategy =
      header.alg === 'EdDSA' ? byJose(token, key, rules) : byPassportJwt(token, key, rules, keys);
    const claims = await run(strategy, exchange).catch((fault: unknown) => {
      throw explainJwtFault(fault);
    });
    const { principal, expiresAt } = readClaims(toClaims(claims), rules.tenantClaim, Date.now());
    return { principal, holds: () => Date.now() < expiresAt && holds() };
  };
}

function byPassportJwt(
  token: string,
  key: KeyObject,
  { issuer, audience }: Rules,
  { algorithms }: VerificationKeys,
): Strategy {
  return new JwtStrategy(
    {
      jwtFromRequest: () => token,
      // Its types do not know what jsonwebtoken does: a KeyObject says what it is for, and need not be parsed again.
      secretOrKey: key as unknown as Buffer,
      algorithms: PASSPORT_JWT_ALGORITHMS.filter((name) => algorithms.includes(name)),
      issuer,
      audience,
      jsonWebTokenOptions: { clockTolerance: LEEWAY_SECONDS },
    },
    (claims: unknown, done) => done(null, claims),
  );
}

const PASSPORT_JWT_ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const;

function byJose(token: string, key: KeyObject, { issuer, audience }: Rules): Strategy {
  return new EdDsaStrategy(token, key, {
    clockTolerance: LEEWAY_SECONDS,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  });
}

function toClaims(value: unknown): Claims {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
