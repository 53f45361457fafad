import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A header or claims; a text stands for itself, so that JSON can be written that no object gives. */
export type Part = Record<string, unknown> | string;

export interface SigningKey {
  alg: 'RS256' | 'ES256' | 'EdDSA';
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** Makes tokens with node:crypto alone, genuine and forged: no library that the broker verifies with is asked. */
export function forge(header: Part, claims: Part, signer: (data: string) => Buffer | string): string {
  const data = `${encode(header)}.${encode(claims)}`;
  return `${data}.${Buffer.from(signer(data)).toString('base64url')}`;
}

export function encode(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

export function hmac(secret: string | Buffer, hash = 'sha256'): (data: string) => Buffer {
  return (data) => createHmac(hash, secret).update(data).digest();
}

export function newKey(alg: SigningKey['alg'], kid: string): SigningKey {
  return { alg, kid, ...pairFor(alg) };
}

function pairFor(alg: SigningKey['alg']): Pick<SigningKey, 'privateKey' | 'publicKey'> {
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('ed25519');
}

/** Signs as the algorithm says, which need not be what the header says. */
export function signWith(privateKey: KeyObject, alg: string): (data: string) => Buffer {
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const padding = alg.startsWith('PS') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  return (data) =>
    sign(hash, Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' as const, ...padding });
}

/** A token as the issuer makes it. */
export function issue(key: SigningKey, claims: Part, header: Record<string, unknown> = {}): string {
  const { alg, kid, privateKey } = key;
  return forge({ alg, typ: 'JWT', kid, ...header }, claims, signWith(privateKey, alg));
}

export function toJwk({ alg, kid, publicKey }: SigningKey): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), alg, kid, use: 'sig' };
}

/** Seconds from now, as JWTs count. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/** Claims of a token that gets in; a claim set to undefined is left out. */
export function claimsOf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: 'https://issuer.example',
    aud: 'inferq',
    sub: 'alice',
    tenant: 'acme',
    scope: 'jobs:write jobs:read models:read',
    iat: inSeconds(0),
    exp: inSeconds(300),
    ...changes,
  };
}
