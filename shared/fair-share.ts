import type { Priority } from './job.ts';

/**
 * How far a job of each priority stands back, in units of service (one job of weight 1): it is overtaken by jobs of a
 * higher priority up to that far, and no further, so that nothing starves. See `scripts/lib/fair-share.lua`.
 */
export const HANDICAPS: Readonly<Record<Priority, number>> = { high: 0, normal: 1000, low: 10_000 };

/** The part of the queue's virtual time that one job of the tenant takes. */
export function share(weight: number, cost = 1): number {
  return cost / weight;
}
