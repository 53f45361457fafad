import type { ModelSpec } from '../shared/model.ts';
import type { Model } from '../shared/models/registry.ts';

/** What BullMQ holds the calls of a model to, over all workers. */
export type Limits = Pick<ModelSpec, 'concurrency' | 'rate'>;

/** By the code of the model, whose versions share one queue: of several, the most that one of them allows. */
export function limitsOf(models: readonly Model[]): Map<string, Limits> {
  const limits = new Map<string, Limits>();
  for (const { code, spec } of models) {
    const before = limits.get(code);
    limits.set(code, before ? looser(before, spec) : spec);
  }
  return limits;
}

function looser(one: Limits, other: Limits): Limits {
  const concurrency = Math.max(one.concurrency, other.concurrency);
  const [a, b] = [one.rate, other.rate];
  if (!a || !b) return { concurrency };
  return { concurrency, rate: a.limit / a.window >= b.limit / b.window ? a : b };
}
