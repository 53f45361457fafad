import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import canonicalize from 'canonicalize';
import { parseExactJson } from '../../api/http/exact-json.ts';
import { compileSchema } from '../../shared/json-schema.ts';
import { JobRequest } from '../../shared/job.ts';
import { INPUT_SCHEMA, JWT_SECRET } from '../settings.ts';

/** What the floors check, by hand: the same as the product does, and with its own parser and schemas. */
const secret = createSecretKey(Buffer.from(JWT_SECRET));
const remembered = new Map<string, { tenant: string; exp: number }>();
const checkRequest = compileSchema(JobRequest, { strict: true });
const checkInput = compileSchema(INPUT_SCHEMA);

/** The tenant of the bearer's JWT; one that was verified is remembered by its hash. */
export function tenantOf({ headers }: IncomingMessage): string {
  const token = headers.authorization?.slice(7) ?? '';
  const digest = createHash('sha256').update(token).digest('base64');
  const known = remembered.get(digest);
  if (known && known.exp * 1000 > Date.now()) return known.tenant;
  const [head, claims, signature = ''] = token.split('.');
  const expected = createHmac('sha256', secret).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('bad signature');
  const verified = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString());
  if (!(verified.exp * 1000 > Date.now())) throw new Error('expired');
  remembered.set(digest, verified);
  return verified.tenant;
}

/** The body as text, unread. */
function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => resolve(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)));
    request.on('error', reject);
  });
}

/** A job request that has passed every check. */
export async function jobOf(request: IncomingMessage): Promise<{ model: string; input: unknown }> {
  const body = Object(await parseExactJson(await bodyOf(request), (step) => step()));
  if (checkRequest(body).length > 0 || checkInput(body.input).length > 0) throw new Error('invalid');
  return body;
}

export function cacheKeyOf(tenant: string, { model, input }: { model: string; input: unknown }): string {
  const text = canonicalize([model, tenant, input]) ?? '';
  return createHash('sha256').update(text).digest('base64url');
}
