import { badCredential, noCredential } from './challenge.ts';

/** Characters. Longer ones are refused before anything is decoded or hashed. */
const LONGEST = 8192;

/** What `Authorization: Bearer …` gives (RFC 6750 §2.1). Throws Unauthenticated where that is no credential. */
export function readCredential(authorization: string | undefined): string {
  const given = /^Bearer +(\S.*)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) throw noCredential();
  if (given.length > LONGEST) throw badCredential(`The credential is longer than ${LONGEST} characters.`);
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(given))
    throw badCredential('The credential holds characters that no token has.');
  return given;
}

/** Whether it is to be taken for a JWT: three parts. Everything else, and whatever begins `ifq_`, is an API token. */
export function looksLikeJwt(credential: string): boolean {
  return !credential.startsWith('ifq_') && credential.split('.').length === 3;
}
