import { InferqError } from '../../shared/errors.ts';
import { fullName, type ModelSpec } from '../../shared/model.ts';

/**
 * No endpoint is in order; `waitMs` until the next one is tried. What they last said is for admins: it may be about the
 * input of another tenant.
 */
export function unreachable(spec: ModelSpec, waitMs: number): InferqError {
  const detail = `Every endpoint of ${fullName(spec)} is out of order, so none was called. GET /models/${spec.name} tells admins why.`;
  return new InferqError('model_unavailable', detail, {
    upstream: 'unreachable',
    retryAfter: Math.max(0, waitMs) / 1000,
  });
}

/** Those in order have no room; `waitMs` until one wants to be asked again, where it has said so. */
export function busy(spec: ModelSpec, waitMs: number): InferqError {
  const detail = `Every endpoint of ${fullName(spec)} is busy. Give it more endpoints, or raise its concurrency.`;
  return new InferqError('model_unavailable', detail, {
    busy: true,
    retryAfter: Number.isFinite(waitMs) ? Math.max(0, waitMs) / 1000 : 0,
  });
}
