import test from 'ava';
import { restartDelay } from '../../cli/local/restart-delay.ts';

test('each death within a minute doubles the wait', (t) => {
  t.is(restartDelay([1000], 1000), 500);
  t.is(restartDelay([1000, 2000, 3000], 3000), 2000);
});

test('deaths long ago are forgotten', (t) => {
  t.is(restartDelay([0, 1, 2, 3, 4, 100_000], 100_000), 500);
});

test('the sixth within a minute is the last', (t) => {
  t.is(restartDelay([1, 2, 3, 4, 5], 5), 8000);
  t.is(restartDelay([1, 2, 3, 4, 5, 6], 6), undefined);
});
