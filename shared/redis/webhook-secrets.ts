import { newSecret } from '../webhooks/signing.ts';
import type { RedisConnection } from './connection.ts';
import { Reply } from './reply.ts';
import { createScripts } from './scripts.ts';

/** How long the secret before a rotation goes on signing. */
const GRACE_MS = 24 * 3_600_000;

/** The secrets that sign a tenant's webhooks, `whsec_…`; the newest first. */
export interface WebhookSecrets {
  /** All in force: one, and those that were rotated out less than a grace period ago. Makes the first one. */
  list(tenant: string): Promise<string[]>;
  rotate(tenant: string): Promise<string>;
}

export function createWebhookSecrets(redis: RedisConnection): WebhookSecrets {
  const run = createScripts(redis);
  const call = async (tenant: string, mode: 'keep' | 'rotate'): Promise<string[]> => {
    const key = `inferq:webhook-secrets:${tenant}`;
    return new Reply(await run('rotate-secret', key, newSecret(), GRACE_MS, mode)).texts(0);
  };
  return {
    list: (tenant) => call(tenant, 'keep'),
    rotate: async (tenant) => (await call(tenant, 'rotate'))[0] ?? '',
  };
}
