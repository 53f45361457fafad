import { newSecret } from '../webhooks/signing.ts';
import type { RedisConnection } from './connection.ts';

/** How long the secret before the last rotation goes on signing. */
const GRACE_SECONDS = 24 * 3600;

/** The secrets that sign a tenant's webhooks, `whsec_…`; the newest first. */
export interface WebhookSecrets {
  /** All in force: one, or two during the grace period after a rotation. Makes the first one. */
  list(tenant: string): Promise<string[]>;
  rotate(tenant: string): Promise<string>;
}

export function createWebhookSecrets(redis: RedisConnection): WebhookSecrets {
  return {
    async list(tenant) {
      await redis.set(currentKey(tenant), newSecret(), 'NX');
      const secrets = await Promise.all([redis.get(currentKey(tenant)), redis.get(previousKey(tenant))]);
      return secrets.filter((secret) => secret !== null);
    },
    async rotate(tenant) {
      const [before = newSecret()] = await this.list(tenant);
      const next = newSecret();
      await redis.set(previousKey(tenant), before, 'EX', GRACE_SECONDS);
      await redis.set(currentKey(tenant), next);
      return next;
    },
  };
}

function currentKey(tenant: string): string {
  return `inferq:webhook-secret:${tenant}`;
}

function previousKey(tenant: string): string {
  return `inferq:webhook-secret-before:${tenant}`;
}
