import type { JwtConfig } from '../../shared/config.ts';
import type { Events } from '../../shared/events.ts';
import { fetchKeySet } from './fetch-key-set.ts';
import { createJwtVerifier, type VerifyJwt } from './jwt.ts';
import { createKeySet } from './key-set.ts';
import type { RunStrategy } from './run-strategy.ts';
import { createSecretKeys, type VerificationKeys } from './verification-keys.ts';

/** Verifies JWTs as the configuration says; brings the libraries along that only this needs. */
export function createConfiguredJwt(config: JwtConfig, events: Events, run: RunStrategy): VerifyJwt {
  return createJwtVerifier(config, createKeys(config, events), run);
}

function createKeys({ keys }: JwtConfig, events: Events): VerificationKeys {
  if ('secret' in keys) return createSecretKeys(keys.secret);
  return createKeySet({
    fetchKeys: () => fetchKeySet(keys.jwksUri),
    onFailure: (error) => events.emit('jwks.failed', { error }),
  });
}
