import test from 'ava';
import { formatQuantity } from '../../api/metrics-adapter/quantity.ts';

test('numbers are written in the canonical form of Kubernetes, rounded up to thousandths', (t) => {
  const examples: [number, string][] = [
    [0, '0'],
    [1, '1'],
    [999, '999'],
    [1000, '1k'],
    [1500, '1500'],
    [12_000, '12k'],
    [1_000_000, '1M'],
    [1_001_000, '1001k'],
    [0.5, '500m'],
    [1.5, '1500m'],
    [0.0001, '1m'],
    [0.1 + 0.2, '300m'],
    [2.001, '2001m'],
  ];
  for (const [value, expected] of examples) t.is(formatQuantity(value), expected);
});

test('what is no number of anything is not written', (t) => {
  for (const value of [Number.NaN, Infinity, -1]) t.throws(() => formatQuantity(value));
});
