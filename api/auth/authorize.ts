import { InferqError } from '../../shared/errors.ts';
import type { Model } from '../../shared/models/registry.ts';
import { fitsPattern, hasScope, type Principal, type Scope } from '../../shared/principal.ts';

/** What may be done. `invisible`: the answer must not tell that it exists. */
export type Verdict = 'allowed' | 'refused' | 'invisible';

/** What it is done to: the API as such, a model (for a tenant whose own list of models may be shorter), a job. */
export type Resource =
  | { kind: 'api' }
  | { kind: 'model'; model: Model; tenantModels: readonly string[] }
  | { kind: 'job'; tenant: string };

/** Who may do what to what: the one place that decides it. `docs/authorization.md` has it as a table. */
export function authorize(principal: Principal, scope: Scope, resource: Resource): Verdict {
  if (!hasScope(principal, scope)) return 'refused';
  if (resource.kind === 'api') return 'allowed';
  if (resource.kind === 'job') return resource.tenant === principal.tenant ? 'allowed' : 'invisible';
  return authorizeModel(principal, scope, resource);
}

function authorizeModel(
  principal: Principal,
  scope: Scope,
  { model, tenantModels }: Extract<Resource, { kind: 'model' }>,
): Verdict {
  const { name, access } = model.spec;
  // Who may change every model can look at every one, and hold it up; to use it is the tenant's matter.
  if ((scope === 'models:read' || scope === 'models:write') && hasScope(principal, 'admin'))
    return fitsPattern(name, principal.models) ? 'allowed' : 'refused';
  if (!fitsPattern(principal.tenant, access.tenants)) return 'invisible';
  return fitsPattern(name, principal.models) && fitsPattern(name, tenantModels) ? 'allowed' : 'refused';
}

/** Throws `forbidden` where the principal lacks the scope. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (authorize(principal, scope, { kind: 'api' }) === 'allowed') return;
  throw new InferqError('forbidden', `The credential lacks the scope ${scope}.`);
}

/** Throws `model_not_found` for a model that the tenant can't see, `forbidden` for one that it may not use. */
export function requireModel(
  principal: Principal,
  scope: Scope,
  name: string,
  model: Model | undefined,
  tenantModels: readonly string[],
): Model {
  const verdict = model ? authorize(principal, scope, { kind: 'model', model, tenantModels }) : 'invisible';
  if (model && verdict === 'allowed') return model;
  throw verdict === 'refused' ? notAllowed(name) : noSuchModel(name);
}

/** Throws `forbidden` for a model that the list of the credential leaves out: also an admin's may be short. */
export function requireModelName(principal: Principal, name: string): void {
  if (!fitsPattern(name, principal.models)) throw notAllowed(name);
}

/**
 * Whose jobs a principal reaches when it asks for those of `tenant`, or of nobody in particular: an admin those of any
 * and of all (undefined), everybody else their own. Throws `forbidden` for another's.
 */
export function requireTenant(principal: Principal, tenant: string | undefined): string | undefined {
  if (hasScope(principal, 'admin')) return tenant;
  if (tenant === undefined || tenant === principal.tenant) return principal.tenant;
  throw new InferqError('forbidden', 'Jobs of another tenant are for admins: leave tenant out.');
}

function notAllowed(name: string): InferqError {
  return new InferqError(
    'forbidden',
    `The credential or its tenant is not allowed the model ${name.slice(0, 96)}.`,
  );
}

export function noSuchModel(name: string): InferqError {
  return new InferqError(
    'model_not_found',
    `There is no model '${name.slice(0, 96)}'. GET /models lists them.`,
  );
}

/** The answer for what is not there, and to the byte the same for what is another tenant's. */
export function noSuchJob(): InferqError {
  return new InferqError(
    'not_found',
    'There is no job with this id. Jobs are forgotten a week after their data.',
  );
}
