import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds before each retry, from the end of the attempt before it: the schedule of Standard Webhooks. */
export const RETRY_DELAYS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
];

/** Deliveries that failed together, in an outage of their receiver, come back spread over ±10 % of the delay. */
const JITTER = 0.1;

const LONGEST_WAIT = 24 * HOUR;

export interface EndedAttempt {
  /** 1 for the first. */
  attempt: number;
  outcome: Pick<DeliveryAttempt, 'outcome' | 'status' | 'retry_after_ms'>;
  /** In [0, 1). */
  random: number;
}

export type NextDelivery = { retryInMs: number } | { stop: 'delivered' | 'gone' | 'refused' | 'exhausted' };

/**
 * What follows an attempt. A receiver's `Retry-After` can put the retry off, up to 24 h, but not bring it forward:
 * one that asks for 0 s would else be called nine times at once.
 */
export function nextDelivery({ attempt, outcome, random }: EndedAttempt): NextDelivery {
  if (outcome.outcome === 'delivered' || outcome.outcome === 'refused') return { stop: outcome.outcome };
  if (outcome.status === 410) return { stop: 'gone' };
  const delay = RETRY_DELAYS[attempt - 1];
  if (delay === undefined) return { stop: 'exhausted' };
  const jittered = delay * (1 - JITTER + 2 * JITTER * random);
  const wait = Math.max(jittered, outcome.retry_after_ms ?? 0);
  return { retryInMs: Math.round(Math.min(wait, LONGEST_WAIT)) };
}
