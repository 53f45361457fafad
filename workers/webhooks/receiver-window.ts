import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';

/** How many attempts one that nothing is known of may have under way: what hangs, hangs with so many. */
export const FIRST_WINDOW = 5;
/** Also how many a worker that dies leaves in doubt, of one receiver. */
export const LARGEST_WINDOW = 8;

const SLOW_MS = 1000;
const MOST_APART_MS = 60_000;
const MS_FOR_EACH = 10;

export type Made = Pick<DeliveryAttempt, 'outcome' | 'status' | 'duration_ms'>;

/** No answer, or one that says that it cannot answer now. A refusal (404, 410) is an answer of somebody who is there. */
export function isDead({ outcome, status }: Made): boolean {
  return outcome === 'failed' && (status === undefined || status === 429 || status >= 500);
}

/** A receiver that answers soon gets more at once, step by step; one that is slow less; one that fails half. */
export function nextWindow(window: number, made: Made): number {
  if (isDead(made)) return Math.max(1, Math.floor(window / 2));
  if (made.duration_ms > SLOW_MS) return Math.max(1, window - 1);
  return Math.min(LARGEST_WINDOW, window + 1);
}

/**
 * Milliseconds until a delivery that found no room is tried again. Spread over a time that grows with how many wait
 * for this receiver: ten thousand that came back together would keep the queue busy with nothing else.
 */
export function putOffMs(waiting: number, random: number): number {
  return Math.round(500 + random * spreadMs(waiting));
}

export function spreadMs(waiting: number): number {
  return Math.min(MOST_APART_MS, Math.max(1000, waiting * MS_FOR_EACH));
}
