import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface SignedRequest {
  method: string;
  /** Path and query, as they came. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Claim {
  credential: string;
  signedHeaders: string;
  signature: string;
  time: string;
  payload: string;
  query: URLSearchParams;
}

/**
 * Whether a request is signed as AWS says (Signature Version 4, for S3), in its header or in its query: written from
 * the specification, so that it is no echo of the library that signs.
 */
export function isSigned(request: SignedRequest, secret: string): boolean {
  const [path = '', queryText = ''] = request.target.split('?');
  const claim = readClaim(request.headers, new URLSearchParams(queryText));
  if (!claim || !isBodySigned(claim.payload, request.body)) return false;
  const [, day = '', region = '', service = '', end = ''] = claim.credential.split('/');
  const canonical = [
    request.method,
    path,
    canonicalQuery(claim.query),
    ...claim.signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    claim.signedHeaders,
    claim.payload,
  ].join('\n');
  const scope = [day, region, service, end].join('/');
  const text = ['AWS4-HMAC-SHA256', claim.time, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, end].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
  return hmac(key, text).toString('hex') === claim.signature;
}

function readClaim(headers: IncomingHttpHeaders, query: URLSearchParams): Claim | undefined {
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (credential && signedHeaders && signature) {
    const payload = String(headers['x-amz-content-sha256']);
    return { credential, signedHeaders, signature, time: String(headers['x-amz-date']), payload, query };
  }
  const at = (name: string): string => query.get(`X-Amz-${name}`) ?? '';
  const claim = {
    credential: at('Credential'),
    signedHeaders: at('SignedHeaders'),
    signature: at('Signature'),
    time: at('Date'),
    payload: 'UNSIGNED-PAYLOAD',
  };
  const signedAt = Date.parse(claim.time.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5'));
  if (!(Date.now() <= signedAt + Number(at('Expires')) * 1000)) return undefined;
  query.delete('X-Amz-Signature');
  return { ...claim, query };
}

function isBodySigned(payload: string, body: Buffer): boolean {
  return payload === 'UNSIGNED-PAYLOAD' || payload === sha256(body);
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
