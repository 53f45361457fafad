import { WebhookError } from './errors.ts';
import type { Job } from './schema.ts';

/** A message as the broker sends it. */
export interface WebhookEvent {
  type:
    | 'job.started'
    | 'job.progress'
    | 'job.succeeded'
    | 'job.failed'
    | 'job.canceled'
    | 'job.expired'
    | 'webhook.test';
  timestamp: string;
  /** An output of more than 20 kB is left out; `output_url` says where it is. */
  data: Job;
}

export interface Message {
  /** Exactly as it came: what is parsed and written again has another signature. */
  body: string | Uint8Array;
  /** Of the request: Headers, or an object with the names in lower case, as Node has it. */
  headers: Headers | Record<string, string | string[] | undefined>;
}

export interface Verification {
  /** `whsec_…`; several while one is replaced by another. */
  secret: string | readonly string[];
  /** Seconds that the message may be old, or ahead. 300 by default. */
  tolerance?: number;
  /** Milliseconds. */
  now?: number;
}

/**
 * Checks a message by its signature (Standard Webhooks) and gives what it says. Throws a WebhookError otherwise: then
 * answer 401. Messages may come twice, with the same `webhook-id`.
 */
export async function verifyWebhook(
  message: Message,
  { secret, tolerance = 300, now = Date.now() }: Verification,
) {
  const id = headerOf(message, 'webhook-id');
  const timestamp = headerOf(message, 'webhook-timestamp');
  const age = Math.abs(now / 1000 - Number(timestamp));
  if (!/^\d+$/.test(timestamp) || age > tolerance)
    throw new WebhookError('webhook-timestamp is too far from now');
  const body = typeof message.body === 'string' ? encode(message.body) : message.body;
  const signed = new Uint8Array([...encode(`${id}.${timestamp}.`), ...body]);
  const secrets = typeof secret === 'string' ? [secret] : secret;
  const signatures = headerOf(message, 'webhook-signature')
    .split(' ')
    .filter((text) => text.startsWith('v1,'));
  for (const each of secrets) {
    const key = await importKey(each);
    for (const signature of signatures) {
      const bytes = decodeBase64(signature.slice('v1,'.length));
      // It compares in constant time.
      if (bytes && (await crypto.subtle.verify('HMAC', key, bytes, signed))) return parseEvent(body);
    }
  }
  throw new WebhookError('No signature of the message is that of the secret');
}

function headerOf({ headers }: Message, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string' || value === '') throw new WebhookError(`The message has no ${name}`);
  return value;
}

async function importKey(secret: string): Promise<CryptoKey> {
  const bytes = decodeBase64(secret.replace(/^whsec_/, ''));
  if (!bytes) throw new WebhookError('The secret is not whsec_ and base64');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

function parseEvent(body: Uint8Array): WebhookEvent {
  const event: WebhookEvent = JSON.parse(new TextDecoder().decode(body));
  return event;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
