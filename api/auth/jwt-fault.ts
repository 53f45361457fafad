import { badCredential, unverifiable, type Unauthenticated } from './challenge.ts';

/**
 * What the client is told of a JWT that jsonwebtoken or jose refused. Both look at the signature before the claims:
 * whoever hears more than `unverifiable` holds a token that the issuer did sign.
 */
export function explainJwtFault(fault: unknown): Unauthenticated {
  const kind = kindOf(fault);
  return kind ? badCredential(DETAILS[kind]) : unverifiable();
}

const DETAILS = {
  expired: 'The token has expired.',
  early: 'The token is not valid yet.',
  issuer: 'The token comes from another issuer than this service trusts.',
  audience: 'The token is meant for another audience.',
} as const;

type Kind = keyof typeof DETAILS;

const BY_CLAIM: Readonly<Record<string, Kind>> = { nbf: 'early', iss: 'issuer', aud: 'audience' };

function kindOf(fault: unknown): Kind | undefined {
  if (!(fault instanceof Error)) return undefined;
  if (fault.name === 'TokenExpiredError' || fault.name === 'JWTExpired') return 'expired';
  if (fault.name === 'NotBeforeError') return 'early';
  if (fault.name === 'JWTClaimValidationFailed' && 'claim' in fault) return BY_CLAIM[String(fault.claim)];
  if (fault.message.startsWith('jwt issuer invalid')) return 'issuer';
  if (fault.message.startsWith('jwt audience invalid')) return 'audience';
  return undefined;
}
