import { InferqError } from '../../shared/errors.ts';
import type { Full } from '../../shared/ports.ts';
import type { TenantBound } from '../jobs/tenant-bound.ts';

const SHORTEST = 1;
const LONGEST = 300;
const WHEN_UNKNOWN = 5;

/** Whole seconds until `jobs` have left the queue, at `rate` starts a second. */
export function secondsToDrain(jobs: number, rate: number): number {
  if (rate <= 0) return WHEN_UNKNOWN;
  return Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(jobs / rate)));
}

/** A full queue as the client's error: its own fault (429) or nobody's (503). Room for a tenth is worth coming for. */
export function fullError({ of, depth, rate }: Full, model: string, bound: TenantBound): InferqError {
  const retryAfter = secondsToDrain(depth / 10, rate);
  if (of === 'tenant') return tenantFull(model, bound, retryAfter);
  return new InferqError('broker_full', `${depth} jobs wait for ${model} already: try again later.`, {
    retryAfter,
  });
}

/** The backlog is a policy of its own beside the tenant's rate (draft-ietf-httpapi-ratelimit-headers). */
function tenantFull(model: string, { limit, of }: TenantBound, retryAfter: number): InferqError {
  const where = of === 'max_queued' ? 'over all models (its max_queued)' : `for ${model} (queue.${of})`;
  const detail =
    `Your tenant may have ${limit} jobs waiting ${where}, and there is no room for one more: ` +
    `try again in ${retryAfter} s, when some have started, or cancel some that wait.`;
  return new InferqError('tenant_backlog_full', detail, {
    retryAfter,
    headers: {
      'ratelimit-policy': `"backlog";q=${limit};qu="jobs"`,
      ratelimit: `"backlog";r=0;t=${retryAfter}`,
    },
  });
}
