import type { TenantSettings } from './tenant.ts';

/** What holds for a tenant of which nothing was settled. Apart from the schema: who has Redis only needs no schemas. */
export const DEFAULT_SETTINGS: TenantSettings = {
  rate: null,
  max_queued: null,
  weight: 1,
  budget: null,
  models: ['*'],
};
