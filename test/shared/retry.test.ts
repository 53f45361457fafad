import test from 'ava';
import { InferqError } from '../../shared/errors.ts';
import { pauseWhileBusy } from '../../shared/retry.ts';

const busy = new InferqError('model_unavailable', 'full', { busy: true });

test('a full server is left alone longer the longer a job has waited, up to 5 s', (t) => {
  t.deepEqual(
    [0, 1000, 10_000, 3_600_000].map((waitedMs) => pauseWhileBusy(busy, waitedMs, 1)),
    [250, 500, 2750, 5000],
  );
  t.is(pauseWhileBusy(busy, 3_600_000, 0), 2500);
});

test('a full server is left alone for as long as it asks', (t) => {
  const asking = new InferqError('model_unavailable', 'full', { busy: true, retryAfter: 30 });
  t.is(pauseWhileBusy(asking, 0, 0.5), 30_000);
});
