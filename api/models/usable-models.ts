import type { Model, Registry } from '../../shared/models/registry.ts';
import type { Principal } from '../../shared/principal.ts';
import type { TenantSettings } from '../../shared/tenant.ts';
import { authorize } from '../auth/authorize.ts';

export interface UsableModelsParts {
  registry: Registry;
  settingsOf: (tenant: string) => Promise<TenantSettings>;
}

/** The models that a principal may look at; what drains is not among them. */
export async function usableModels(
  { registry, settingsOf }: UsableModelsParts,
  principal: Principal,
): Promise<Model[]> {
  const { models: tenantModels } = await settingsOf(principal.tenant);
  return registry
    .list()
    .filter(
      (model) =>
        !model.draining &&
        authorize(principal, 'models:read', { kind: 'model', model, tenantModels }) === 'allowed',
    );
}
