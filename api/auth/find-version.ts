import type { Model, Registry } from '../../shared/models/registry.ts';
import type { Principal, Scope } from '../../shared/principal.ts';
import { authorize } from './authorize.ts';

export interface VersionsAsked {
  principal: Principal;
  scope: Scope;
  /** `name` or `name@version`. */
  name: string;
  tenantModels: readonly string[];
}

/**
 * The one of the versions that `choose` takes, by its index, out of those that the principal may use; or, where there
 * is none, one that it may not, so that it can be told why.
 */
export function findVersion(
  registry: Registry,
  { principal, scope, name, tenantModels }: VersionsAsked,
  choose: (specs: readonly Model['spec'][]) => number,
): Model | undefined {
  const versions = registry.versionsOf(name);
  if (versions.length <= 1) return versions[0];
  const usable = versions.filter(
    (model) => authorize(principal, scope, { kind: 'model', model, tenantModels }) === 'allowed',
  );
  return usable[choose(usable.map(({ spec }) => spec))] ?? registry.find(name);
}
