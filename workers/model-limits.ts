import type { ModelSpec } from '../shared/model.ts';
import type { Model } from '../shared/models/registry.ts';
import { batchSizeOf } from './batching/batch-size.ts';

/**
 * What BullMQ holds the runs of a model to, over all workers. Where several go into one call, there have to be as many
 * for each call that may be under way; the calls themselves are counted when they are made.
 */
export interface Limits extends Pick<ModelSpec, 'rate'> {
  /** How many runs. */
  concurrency: number;
  /** How many of them one call takes. */
  batch: number;
}

/** By the code of the model, whose versions share one queue: of several, the most that one of them allows. */
export function limitsOf(models: readonly Model[]): Map<string, Limits> {
  const limits = new Map<string, Limits>();
  for (const { code, spec } of models) {
    const before = limits.get(code);
    const own = toLimits(spec);
    limits.set(code, before ? looser(before, own) : own);
  }
  return limits;
}

function toLimits(spec: ModelSpec): Limits {
  const { concurrency, rate } = spec;
  const size = batchSizeOf(spec);
  return { concurrency: concurrency * size, batch: size, ...(rate ? { rate } : {}) };
}

function looser(one: Limits, other: Limits): Limits {
  const concurrency = Math.max(one.concurrency, other.concurrency);
  const batch = Math.max(one.batch, other.batch);
  const [a, b] = [one.rate, other.rate];
  if (!a || !b) return { concurrency, batch };
  return { concurrency, batch, rate: a.limit / a.window >= b.limit / b.window ? a : b };
}
