import type { Priority } from './job.ts';

/**
 * How far a job of each priority stands back, in units of service (one job of weight 1): it is overtaken by jobs of a
 * higher priority up to that far, and no further, so that nothing starves. See `scripts/lib/fair-share.lua`.
 */
export const HANDICAPS: Readonly<Record<Priority, number>> = { high: 0, normal: 1000, low: 10_000 };

/** Beyond these a weight changes nothing: a weightless tenant would use up BullMQ's priorities with a few jobs. */
export const WEIGHTS = { least: 0.1, most: 1000 } as const;

/**
 * The part of the queue's virtual time that one job of a tenant takes. A queue holds one model's jobs, so what a job
 * costs is the same for all in it and has no part in this: at cost 0 there would be no order between tenants at all.
 */
export function share(weight: number): number {
  return 1 / Math.min(Math.max(weight, WEIGHTS.least), WEIGHTS.most);
}
