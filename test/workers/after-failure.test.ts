import test from 'ava';
import { InferqError, type ErrorExtras } from '../../shared/errors.ts';
import { afterFailure, type Sequel } from '../../workers/after-failure.ts';
import { createRetryBudget, type RetryBudget } from '../../workers/routing/retry-budget.ts';

const RETRY = { retry: { attempts: 3, backoff: 1 } };

function after(
  extras: ErrorExtras,
  { spent = 0, waitedMs = 0, random = 0 } = {},
  budget: RetryBudget = createRetryBudget(() => 0),
): Sequel {
  const error = new InferqError('model_unavailable', 'no', extras);
  return afterFailure(error, { spent, waitedMs }, RETRY, budget, random);
}

test('where there is no room the run is put off for as long as was asked, for an hour at most', (t) => {
  t.deepEqual(after({ upstream: 429, retryAfter: 7 }, { spent: 2 }), { kind: 'put off', delayMs: 7000 });
  t.deepEqual(after({ busy: true }), { kind: 'put off', delayMs: 125 });
  t.deepEqual(after({ upstream: 429, retryAfter: 7 }, { waitedMs: 3_600_000 }), {
    kind: 'retry',
    delayMs: 7000,
  });
});

test('where no endpoint is in order the run comes back after the next probe, spread over a second', (t) => {
  const extras: ErrorExtras = { upstream: 'unreachable', retryAfter: 4 };
  t.deepEqual(after(extras), { kind: 'retry', delayMs: 4000 });
  t.deepEqual(after(extras, { random: 0.5 }), { kind: 'retry', delayMs: 4500 });
  t.deepEqual(after(extras, { spent: 2 }), { kind: 'give up' });
});

test('a repetition that the budget does not have yet waits for it, and ends where that takes too long', (t) => {
  const budget = createRetryBudget(() => 0);
  const delays = Array.from({ length: 71 }, () => after({}, {}, budget));
  t.deepEqual(delays[0], { kind: 'retry', delayMs: 500 });
  t.deepEqual(delays[14], { kind: 'retry', delayMs: 5000 });
  t.deepEqual(delays[70], { kind: 'give up' });
});

test('what was never called takes nothing from the budget', (t) => {
  const budget = createRetryBudget(() => 0);
  for (let job = 0; job < 1000; job++) after({ upstream: 'unreachable', retryAfter: 1 }, {}, budget);
  t.is(budget.take(), 0);
});
