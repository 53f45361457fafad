import { InferqError } from '../../shared/errors.ts';

/**
 * What a failed call says of its endpoint: that it is out of order, that it has no room for now, that it is well
 * (`caller`: the request was at fault), or nothing.
 */
export type Blame = 'endpoint' | 'busy' | 'caller' | 'unknown';

/**
 * A `hurried` call says nothing: no tenant can put an endpoint out of order by asking for a millisecond. Neither does
 * one that was broken off here.
 */
export function blameOf(thrown: unknown): Blame {
  if (!(thrown instanceof InferqError)) return 'unknown';
  const { busy, code, upstream } = thrown;
  if (busy || upstream === 429) return 'busy';
  if (typeof upstream === 'number') return upstream >= 500 || upstream === 408 ? 'endpoint' : 'caller';
  if (upstream !== undefined || code === 'shutting_down') return 'unknown';
  return code === 'model_timeout' || code === 'model_unavailable' ? 'endpoint' : 'caller';
}
