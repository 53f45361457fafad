import test from 'ava';
import * as fc from 'fast-check';
import { bucketOf, quantile } from '../../shared/models/speed.ts';

function histogramOf(durations: readonly number[]): Map<number, number> {
  const histogram = new Map<number, number>();
  for (const ms of durations) histogram.set(bucketOf(ms), (histogram.get(bucketOf(ms)) ?? 0) + 1);
  return histogram;
}

test('a quantile is off by a tenth at most', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.95),
      (durations, q) => {
        const exact = durations.toSorted((a, b) => a - b)[Math.ceil(q * durations.length) - 1] ?? 0;
        const told = (quantile(histogramOf(durations), q) ?? 0) * 1000;
        return Math.abs(told - exact) <= exact * 0.15;
      },
    ),
  );
  t.pass();
});

test('nothing measured is null, and less than a millisecond counts as one', (t) => {
  t.is(quantile(new Map(), 0.5), null);
  t.is(quantile(histogramOf([0, 0.2]), 0.95), 0.001);
});
