import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';

/** What the log says of a delivery that a worker takes into its hands. */
export interface History {
  /** The number of the attempt that comes next, over all times that it was sent. */
  next: number;
  /** Which attempt of the schedule that is; 1 is the first. Those of workers that died spend nothing of it. */
  place: number;
  /** Attempts that nobody has ended: their workers have died. */
  open: DeliveryRecord[];
  /** Whether it has arrived or been given up: the worker before died after it had noted so. */
  isOver: boolean;
}

/** `records` are those of one message, the oldest first; `spent` how many of them came before it was sent again. */
export function historyOf(records: readonly DeliveryRecord[], spent: number): History {
  const round = records.filter(({ attempt }) => attempt > spent);
  const ended = round.filter(({ outcome }) => outcome !== 'running' && outcome !== 'lost');
  return {
    next: Math.max(spent, ...records.map(({ attempt }) => attempt)) + 1,
    place: ended.length + 1,
    open: records.filter(({ outcome }) => outcome === 'running'),
    isOver: ended.some(({ outcome, next_at }) => outcome === 'delivered' || next_at === null),
  };
}

/** Longer than this a receiver that is dead or busy holds no attempt back: it counts as failed without a call. */
const LONGEST_PUT_OFF_MS = 10 * 60_000;

export function isPutOffTooLong(since: number, now: number): boolean {
  return now - since > LONGEST_PUT_OFF_MS;
}

/** The attempt that was not made, as it is noted. */
export function skippedAttempt(why: string, now: number): DeliveryAttempt {
  const at = new Date(now).toISOString();
  return { at, duration_ms: 0, outcome: 'skipped', error: `Not called for ten minutes: ${why}.` };
}
