import { InferqError } from '../../shared/errors.ts';
import type { Model } from '../../shared/models/registry.ts';
import { fitsPattern, hasScope, type Principal, type Scope } from '../../shared/principal.ts';

/** Throws `forbidden` where the principal lacks the scope. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (hasScope(principal, scope)) return;
  throw new InferqError('forbidden', `The credential lacks the scope ${scope}.`);
}

/** Whether the tenant may know of the model at all. */
export function seesModel(principal: Principal, model: Model): boolean {
  return fitsPattern(principal.tenant, model.spec.access.tenants);
}

/** Throws `model_not_found` for a model that the tenant can't see, `forbidden` for one that the credential excludes. */
export function requireModel(principal: Principal, name: string, model: Model | undefined): Model {
  if (!model || !seesModel(principal, model))
    throw new InferqError(
      'model_not_found',
      `There is no model '${name.slice(0, 96)}'. GET /models lists them.`,
    );
  if (!fitsPattern(model.spec.name, principal.models))
    throw new InferqError('forbidden', `The credential does not allow the model ${model.spec.name}.`);
  return model;
}

/** The answer for what is not there, and to the byte the same for what is another tenant's. */
export function noSuchJob(): InferqError {
  return new InferqError(
    'not_found',
    'There is no job with this id. Jobs are forgotten a week after their data.',
  );
}
