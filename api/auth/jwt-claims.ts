import {
  isScope,
  isTenantName,
  type Principal,
  type Scope,
  TENANT_NAME_RULE,
} from '../../shared/principal.ts';
import { badCredential } from './challenge.ts';

/** Seconds that the clocks of issuer and broker may differ. */
export const LEEWAY_SECONDS = 30;

export type Claims = Readonly<Record<string, unknown>>;

export interface Bearer {
  principal: Principal;
  /** Unix milliseconds. */
  expiresAt: number;
}

/**
 * What a verified JWT says of its bearer. Throws Unauthenticated where it does not say enough: the libraries accept
 * tokens without `exp`, with `exp: 1e999`, and issued in the future.
 */
export function readClaims(claims: Claims, tenantClaim: string, nowMs: number): Bearer {
  const expiresAt = readExpiry(claims);
  checkIssuedAt(claims, nowMs);
  return {
    principal: {
      tenant: readTenant(claims, tenantClaim),
      // Apart from the subjects of API tokens: an issuer must not be able to name one of those.
      subject: `jwt:${readSubject(claims)}`,
      scopes: readScopes(claims),
      models: readModels(claims),
    },
    expiresAt,
  };
}

function readExpiry({ exp }: Claims): number {
  if (exp === undefined) throw badCredential('The token lacks the claim exp: it would be valid forever.');
  if (typeof exp !== 'number' || !Number.isFinite(exp))
    throw badCredential('The claim exp must be a time in seconds.');
  return exp * 1000;
}

function checkIssuedAt({ iat }: Claims, nowMs: number): void {
  if (iat === undefined) return;
  if (typeof iat !== 'number') throw badCredential('The claim iat must be a time in seconds.');
  if (iat > nowMs / 1000 + LEEWAY_SECONDS) throw badCredential('The token was issued in the future.');
}

function readTenant(claims: Claims, name: string): string {
  const tenant = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (tenant === undefined) throw badCredential(`The token lacks the claim ${name}: it names the tenant.`);
  if (typeof tenant !== 'string' || !isTenantName(tenant))
    throw badCredential(`The claim ${name} is not a tenant's name: ${TENANT_NAME_RULE}.`);
  return tenant;
}

function readSubject({ sub }: Claims): string {
  if (sub === undefined) throw badCredential('The token lacks the claim sub: it names the caller.');
  if (typeof sub !== 'string' || !/^\P{Cc}{1,255}$/u.test(sub))
    throw badCredential('The claim sub must be 1 to 255 characters without control characters.');
  return sub;
}

/** An unknown scope may belong to another service that takes the same token. */
function readScopes({ scope }: Claims): Scope[] {
  if (scope === undefined) return [];
  if (typeof scope !== 'string') throw badCredential('The claim scope must be a string, space separated.');
  return scope.split(' ').filter(isScope);
}

/** Without the claim every model is allowed; with it only what it lists, be it nothing. */
function readModels({ models }: Claims): string[] {
  if (models === undefined) return ['*'];
  const list: unknown = typeof models === 'string' ? models.split(' ') : models;
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string'))
    throw badCredential('The claim models must be a list of names, or a string of them, space separated.');
  return list.filter((name) => name !== '');
}
