import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** What is signed: the body exactly as it goes over the wire, under the id that all its repetitions share. */
export interface SignedMessage {
  id: string;
  body: string;
  /** When this attempt is made, in milliseconds of the epoch. Receivers refuse what is 5 minutes off. */
  sentAt: number;
  /** `whsec_` + base64. While a secret is being rotated there are two, and either verifies. */
  secrets: readonly string[];
}

export interface SignatureHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * The headers of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks), HMAC-SHA256, one
 * `v1,<base64>` for each secret. Throws an Error without a secret or with one that is not base64.
 */
export function sign({ id, body, sentAt, secrets }: SignedMessage): SignatureHeaders {
  if (secrets.length === 0) throw new Error('A webhook cannot be signed without a secret.');
  const timestamp = new Date(sentAt);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, timestamp, body)).join(' '),
  };
}

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
