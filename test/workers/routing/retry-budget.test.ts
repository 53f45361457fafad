import test from 'ava';
import * as fc from 'fast-check';
import { createRetryBudget } from '../../../workers/routing/retry-budget.ts';

test('a single job has its repetitions at once', (t) => {
  const budget = createRetryBudget(() => 0);
  budget.called();
  t.deepEqual([budget.take(), budget.take()], [0, 0]);
});

test('a model in trouble repeats a tenth of its calls, and a few more', (t) => {
  let now = 0;
  const budget = createRetryBudget(() => now);
  let repeated = 0;
  for (let call = 0; call < 10_000; call++) {
    now += 1;
    budget.called();
    if (budget.take() === 0) repeated += 1;
  }
  // Ten seconds: 1,000 as a tenth, 10 at first, 10 for the time; the debt keeps the others out.
  t.true(repeated <= 1020, `${repeated}`);
});

test('what is over the budget is put off, and given up beyond a minute', (t) => {
  const budget = createRetryBudget(() => 0);
  const delays = Array.from({ length: 100 }, () => budget.take());
  t.deepEqual(
    delays.slice(0, 10),
    Array.from({ length: 10 }, () => 0),
  );
  t.deepEqual(delays.slice(10, 13), [1000, 2000, 3000]);
  t.is(delays.filter((delay) => delay !== undefined).length, 70);
});

test('no sequence of calls and repetitions gets more than a tenth, ten, one a second and a minute of debt', (t) => {
  const step = fc.record({ after: fc.nat(2000), repeats: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let now = 0;
      const budget = createRetryBudget(() => now);
      let [calls, granted] = [0, 0];
      for (const { after, repeats } of steps) {
        now += after;
        budget.called();
        calls += 1;
        if (repeats && budget.take() !== undefined) granted += 1;
      }
      return granted <= 10 + 60 + calls * 0.1 + now / 1000 + 1;
    }),
  );
  t.pass();
});
