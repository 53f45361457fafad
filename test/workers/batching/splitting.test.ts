import test from 'ava';
import * as fc from 'fast-check';
import { InferqError } from '../../../shared/errors.ts';
import { splitting } from '../../../workers/batching/splitting.ts';

const byNumber = (a: number, b: number): number => a - b;
const NEVER = new AbortController().signal;

function makeItems(count: number) {
  const failed = new Map<number, unknown>();
  const items = Array.from({ length: count }, (_, index) => ({
    index,
    signal: NEVER,
    reject: (reason: unknown) => void failed.set(index, reason),
  }));
  return { items, failed };
}

test('only the bad inputs fail, in few calls', async (t) => {
  const bad = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(bad, async (culprits) => {
      const { items, failed } = makeItems(16);
      const answered: number[] = [];
      let calls = 0;
      await splitting(items, async (some) => {
        calls += 1;
        if (some.some(({ index }) => culprits.includes(index))) throw new InferqError('model_error', 'bad');
        answered.push(...some.map(({ index }) => index));
      });
      t.deepEqual([...failed.keys()].sort(byNumber), culprits.toSorted(byNumber));
      t.deepEqual(
        [...answered, ...culprits].sort(byNumber),
        items.map(({ index }) => index),
      );
      t.true(calls <= 1 + 8 * culprits.length, `${calls} calls for ${culprits.length}`);
    }),
  );
});

test('an outage is told to each and not repeated', async (t) => {
  const { items, failed } = makeItems(8);
  const outage = new InferqError('model_unavailable', 'down');
  let calls = 0;
  await splitting(items, async () => {
    calls += 1;
    throw outage;
  });
  t.is(calls, 1);
  t.deepEqual(
    [...failed.values()],
    items.map(() => outage),
  );
});
