import test from 'ava';
import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { statusAfter } from '../../shared/webhooks/delivery-status.ts';
import { historyOf, isPutOffTooLong, skippedAttempt } from '../../workers/webhooks/delivery-history.ts';
import { nextDelivery } from '../../workers/webhooks/retry-schedule.ts';

const HOUR = 3_600_000;
const base = { id: 'msg_1', event: 'job.succeeded', url: 'https://a.example/', duration_ms: 1 };

function record(
  attempt: number,
  outcome: DeliveryRecord['outcome'],
  next_at: string | null = null,
): DeliveryRecord {
  return { ...base, attempt, outcome, next_at, at: new Date(attempt * 1000).toISOString() };
}

/** Plays a delivery by a clock of its own; the receiver answers what `answerAt` says for the time. */
function play(answerAt: (now: number) => Pick<DeliveryAttempt, 'outcome' | 'status'>) {
  const records: DeliveryRecord[] = [];
  let now = 0;
  for (;;) {
    const { next, place } = historyOf(records, 0);
    const made: DeliveryAttempt = { at: new Date(now).toISOString(), duration_ms: 0, ...answerAt(now) };
    const step = nextDelivery({ attempt: place, outcome: made, random: 0.5 });
    const nextAt = 'retryInMs' in step ? now + step.retryInMs : null;
    records.push({
      ...base,
      ...made,
      attempt: next,
      next_at: nextAt === null ? null : new Date(nextAt).toISOString(),
    });
    if (nextAt === null) return { records, now };
    now = nextAt;
  }
}

test('a receiver that is down for an hour gets its delivery with the next attempt after that', (t) => {
  const { records, now } = play((at) =>
    at < HOUR ? { outcome: 'failed' } : { outcome: 'delivered', status: 204 },
  );
  t.is(records.length, 5);
  t.is(now, 5000 + 300_000 + 1_800_000 + 2 * HOUR);
  t.is(statusAfter(records.at(-1) ?? record(1, 'lost')), 'delivered');
});

test('one that never comes back is given up after nine attempts and 51 hours and 35 minutes, and stands as failed', (t) => {
  const { records, now } = play(() => ({ outcome: 'failed', status: 500 }));
  t.is(records.length, 9);
  t.is(now, 5000 + 35 * 60_000 + 51 * HOUR);
  t.is(statusAfter(records.at(-1) ?? record(1, 'lost')), 'failed');
});

test('a receiver that is never called, because it keeps failing, is given up by the same schedule', (t) => {
  const { records } = play((now) => skippedAttempt('the receiver keeps failing', now));
  t.is(records.length, 9);
  t.is(records.at(-1)?.outcome, 'skipped');
});

test('301 is tried again, 410 is not', (t) => {
  t.is(play(() => ({ outcome: 'failed', status: 301 })).records.length, 9);
  t.is(play(() => ({ outcome: 'failed', status: 410 })).records.length, 1);
});

test('attempts whose workers died have numbers of their own and spend nothing of the schedule', (t) => {
  const later = new Date(9000).toISOString();
  const history = historyOf([record(1, 'lost'), record(2, 'failed', later), record(3, 'running')], 0);
  t.like(history, { next: 4, place: 2, isOver: false });
  t.deepEqual(
    history.open.map(({ attempt }) => attempt),
    [3],
  );
});

test('what has arrived or been given up is over, also for a worker that takes it again', (t) => {
  t.true(historyOf([record(1, 'delivered')], 0).isOver);
  t.true(historyOf([record(1, 'failed')], 0).isOver);
  t.false(historyOf([record(1, 'failed', 'soon'), record(2, 'lost')], 0).isOver);
  t.false(historyOf([record(1, 'delivered')], 1).isOver, 'sent again');
  t.like(historyOf([record(1, 'failed')], 1), { next: 2, place: 1 });
});

test('a delivery is held back for ten minutes at most', (t) => {
  t.false(isPutOffTooLong(0, 600_000));
  t.true(isPutOffTooLong(0, 600_001));
});
