import { createJobsAt, type Options } from './jobs.ts';
import { itemsOf, pathOf, withQuery } from './pages.ts';
import type {
  AuditEntry,
  Failures,
  NewToken,
  Tenant,
  TenantSettings,
  Token,
  TokenRequest,
  Usage,
} from './schema.ts';
import type { Transport } from './transport.ts';

export interface Days {
  /** `2026-11-01`, in UTC. */
  from?: string;
  to?: string;
}

/** Tenants, for admins. */
export function createTenants(transport: Transport, parse: (text: string) => unknown) {
  return {
    list: async ({ signal }: Options = {}) =>
      (await transport.ask<{ data: Tenant[] }>({ path: '/tenants', signal })).data,
    get: (id: string, { signal }: Options = {}) =>
      transport.ask<Tenant>({ path: pathOf('tenants', id), signal }),
    /** Makes it, or replaces its settings: what is left out has its default. */
    put: (id: string, settings: TenantSettings = {}, { signal }: Options = {}) =>
      transport.ask<Tenant>({ method: 'PUT', path: pathOf('tenants', id), body: settings, signal }),
    /** Its tokens are revoked. */
    remove: (id: string, { signal }: Options = {}) =>
      transport.ask<void>({ method: 'DELETE', path: pathOf('tenants', id), signal }),
    usage: (id: string, { from, to }: Days = {}, { signal }: Options = {}) =>
      transport.ask<Usage>({ path: withQuery(pathOf('tenants', id, 'usage'), { from, to }), signal }),
    /** How many of its jobs failed with what, today and yesterday (UTC). */
    failures: async (id: string, { signal }: Options = {}) =>
      (await transport.ask<Failures>({ path: pathOf('tenants', id, 'failures'), signal })).data,
    /** Its jobs, as it sees them itself. */
    jobs: (id: string) => createJobsAt(['tenants', id, 'jobs'], transport, parse),
  };
}

/** API tokens, for admins. */
export function createTokens(transport: Transport) {
  return {
    list: async (tenant: string, { signal }: Options = {}) =>
      (await transport.ask<{ data: Token[] }>({ path: pathOf('tenants', tenant, 'tokens'), signal })).data,
    /** `token` is shown this once. */
    create: (tenant: string, request: TokenRequest, { signal }: Options = {}) =>
      transport.ask<NewToken>({
        method: 'POST',
        path: pathOf('tenants', tenant, 'tokens'),
        body: request,
        signal,
      }),
    revoke: (id: string, { signal }: Options = {}) =>
      transport.ask<void>({ method: 'DELETE', path: pathOf('tokens', id), signal }),
  };
}

/** Who changed a tenant, a token or a model; newest first, for admins. */
export function listAudit(transport: Transport, { signal }: Options = {}) {
  return itemsOf<AuditEntry>(transport, '/audit', signal);
}
