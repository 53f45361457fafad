import { InferqError } from '../../shared/errors.ts';

const REALM = 'Bearer realm="inferq"';

/** A 401 with the challenge that belongs to it (RFC 6750 §3). */
export class Unauthenticated extends InferqError {
  readonly challenge: string;

  constructor(detail: string, challenge: string) {
    super('unauthenticated', detail);
    this.challenge = challenge;
  }
}

/** Nothing was given that could be looked at. RFC 6750 §3.1: then the challenge names no error. */
export function noCredential(): Unauthenticated {
  return new Unauthenticated('Send Authorization: Bearer <token>.', REALM);
}

/** `detail` is for the client: printable ASCII without quotes and backslashes, and nothing of the credential. */
export function badCredential(detail: string): Unauthenticated {
  return new Unauthenticated(detail, `${REALM}, error="invalid_token", error_description="${detail}"`);
}

/** It never was one, or was revoked. */
export function unknownCredential(): Unauthenticated {
  return badCredential('The credential is not known, or not any more.');
}

/** One answer for every token that is not what it says to be: why would be a hint for who forges the next. */
export function unverifiable(): Unauthenticated {
  return badCredential('The token cannot be verified.');
}

/** The value of WWW-Authenticate for a 401. */
export function challengeOf(error: InferqError): string {
  return error instanceof Unauthenticated ? error.challenge : REALM;
}
