import type { Options } from './jobs.ts';
import { itemsOf, withQuery } from './pages.ts';
import type { Delivery, DeliveryAttempt } from './schema.ts';
import type { Transport } from './transport.ts';

export interface DeliveryFilter {
  status?: Delivery['status'];
  /** Whose first attempt began since then; RFC 3339. */
  since?: string;
}

/** Webhooks of the tenant. */
export function createWebhooks(transport: Transport) {
  const ask = async (method: 'GET' | 'POST', path: string, { signal }: Options = {}) =>
    (await transport.ask<{ secret: string }>({ method, path, signal })).secret;
  return {
    /** The secret that signs them, `whsec_…`. */
    secret: (options?: Options) => ask('GET', '/webhooks/secret', options),
    /** A new one; the one before goes on signing for 24 hours. */
    rotateSecret: (options?: Options) => ask('POST', '/webhooks/secret/rotate', options),
    /** Has a signed `webhook.test` sent there, and tells what came of it. */
    test: (url: string, { signal }: Options = {}) =>
      transport.ask<DeliveryAttempt>({ method: 'POST', path: '/webhooks/test', body: { url }, signal }),
    /** Newest first. */
    deliveries: ({ status, since }: DeliveryFilter = {}, { signal }: Options = {}) =>
      itemsOf<Delivery>(transport, withQuery('/webhooks/deliveries', { status, since, limit: 100 }), signal),
    /** Sends again what failed since then; with `more` there is more, for the same call. */
    redeliver: (since: string, { signal }: Options = {}) =>
      transport.ask<{ count: number; more: boolean }>({
        method: 'POST',
        path: '/webhooks/redeliver',
        body: { since },
        repeatable: true,
        signal,
      }),
  };
}
