import test from 'ava';
import * as fc from 'fast-check';
import { nextDelivery, RETRY_DELAYS } from '../../workers/webhooks/retry-schedule.ts';

const failed = { outcome: 'failed', status: 500 } as const;
const HOUR = 3_600_000;

test('retries come after 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h and 20 h, then no more', (t) => {
  const steps = Array.from({ length: 9 }, (_, index) =>
    nextDelivery({ attempt: index + 1, outcome: failed, random: 0.5 }),
  );
  t.deepEqual(steps, [
    { retryInMs: 5000 },
    { retryInMs: 300_000 },
    { retryInMs: 1_800_000 },
    { retryInMs: 2 * HOUR },
    { retryInMs: 5 * HOUR },
    { retryInMs: 10 * HOUR },
    { retryInMs: 14 * HOUR },
    { retryInMs: 20 * HOUR },
    { stop: 'exhausted' },
  ]);
});

test('a delivery that arrived is not repeated', (t) => {
  const outcome = { outcome: 'delivered', status: 200 } as const;
  t.deepEqual(nextDelivery({ attempt: 1, outcome, random: 0 }), { stop: 'delivered' });
});

test('410 stops at the first attempt', (t) => {
  const outcome = { outcome: 'failed', status: 410, retry_after_ms: 1000 } as const;
  t.deepEqual(nextDelivery({ attempt: 1, outcome, random: 0 }), { stop: 'gone' });
});

test('a refused address is not tried again', (t) => {
  t.deepEqual(nextDelivery({ attempt: 1, outcome: { outcome: 'refused' }, random: 0 }), { stop: 'refused' });
});

test('a failure without any answer is retried', (t) => {
  t.deepEqual(nextDelivery({ attempt: 1, outcome: { outcome: 'failed' }, random: 0.5 }), { retryInMs: 5000 });
});

test('Retry-After puts the retry off', (t) => {
  const outcome = { ...failed, status: 429, retry_after_ms: 60_000 };
  t.deepEqual(nextDelivery({ attempt: 1, outcome, random: 0.5 }), { retryInMs: 60_000 });
});

test('Retry-After does not bring the retry forward', (t) => {
  const outcome = { ...failed, retry_after_ms: 1000 };
  t.deepEqual(nextDelivery({ attempt: 2, outcome, random: 0.5 }), { retryInMs: 300_000 });
});

test('Retry-After holds for a day at most', (t) => {
  const outcome = { ...failed, retry_after_ms: 30 * 24 * HOUR };
  t.deepEqual(nextDelivery({ attempt: 1, outcome, random: 0.5 }), { retryInMs: 24 * HOUR });
});

test('Retry-After does not lengthen the schedule beyond its last retry', (t) => {
  t.deepEqual(nextDelivery({ attempt: 9, outcome: { ...failed, retry_after_ms: 1000 }, random: 0 }), {
    stop: 'exhausted',
  });
});

test('the jitter stays within ten per cent either way', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: RETRY_DELAYS.length }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const next = nextDelivery({ attempt, outcome: failed, random });
        const delay = RETRY_DELAYS[attempt - 1] ?? 0;
        return 'retryInMs' in next && Math.abs(next.retryInMs - delay) <= 0.1 * delay;
      },
    ),
  );
  t.pass();
});
