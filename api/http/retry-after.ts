import { InferqError } from '../../shared/errors.ts';
import type { Full } from '../../shared/ports.ts';

const SHORTEST = 1;
const LONGEST = 300;
const WHEN_UNKNOWN = 5;

/** Whole seconds until `jobs` have left the queue, at `rate` starts a second. */
export function secondsToDrain(jobs: number, rate: number): number {
  if (rate <= 0) return WHEN_UNKNOWN;
  return Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(jobs / rate)));
}

/** A full queue as the client's error: its own fault (429) or nobody's (503). Room for a tenth is worth coming for. */
export function fullError({ of, depth, rate }: Full, model: string): InferqError {
  const retryAfter = secondsToDrain(depth / 10, rate);
  return of === 'tenant'
    ? new InferqError(
        'tenant_backlog_full',
        `${depth} jobs of yours wait for ${model}, and your tenant may have no more waiting now.`,
        { retryAfter },
      )
    : new InferqError('broker_full', `${depth} jobs wait for ${model} already: try again later.`, {
        retryAfter,
      });
}
