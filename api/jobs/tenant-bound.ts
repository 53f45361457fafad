import type { Model, Registry } from '../../shared/models/registry.ts';
import type { ModelBacklogs } from '../../shared/redis/model-backlogs.ts';
import type { TenantSettings } from '../../shared/tenant.ts';

export interface TenantBoundParts {
  registry: Registry;
  backlogs: ModelBacklogs;
}

/** How many jobs may wait, and the limit that says so: a model's for each tenant, or a tenant's over all models. */
export interface TenantBound {
  most: number;
  limit: number;
  of: 'max_depth_per_tenant' | 'max_queued';
}

/**
 * How many of the tenant's jobs may wait for the model: the model's own bound, or what the tenant's `max_queued` over
 * all models leaves. `admit` holds this bound exactly; two models at the same moment may pass `max_queued` by a few,
 * because their counters are in different slots of a cluster.
 */
export async function tenantBound(
  { registry, backlogs }: TenantBoundParts,
  tenant: string,
  { max_queued: most }: TenantSettings,
  { spec, code }: Model,
): Promise<TenantBound> {
  const own = spec.queue.max_depth_per_tenant;
  const bound: TenantBound = { most: own, limit: own, of: 'max_depth_per_tenant' };
  if (most === null) return bound;
  const others = new Set(registry.list().map((model) => model.code));
  others.delete(code);
  const elsewhere = await backlogs.ofTenant(tenant, [...others]);
  const left = Math.max(0, most - elsewhere);
  return left < own ? { most: left, limit: most, of: 'max_queued' } : bound;
}
