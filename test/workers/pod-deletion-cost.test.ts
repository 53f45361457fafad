import test from 'ava';
import { createDeletionCost, deletionCost } from '../../workers/pod-deletion-cost.ts';
import { until } from '../support/until.ts';

test('who runs more costs more, in steps that a steady load does not cross all the time', (t) => {
  t.deepEqual([0, 1, 2, 3, 4, 5, 7, 8, 50].map(deletionCost), [0, 1, 2, 2, 4, 4, 4, 8, 32]);
});

test('a count that the supervisor does not give is told once, and the pod is marked when it does', async (t) => {
  const silent = new Error('no answer within 1500 ms');
  const faults: unknown[] = [];
  const written: number[] = [];
  let asked = 0;
  const cost = createDeletionCost({
    running: async () => {
      asked += 1;
      if (asked < 3) throw silent;
      return 5;
    },
    write: async (value) => void written.push(value),
    everyMs: 1,
    onFault: (error) => faults.push(error),
  });
  t.teardown(() => cost.stop());
  cost.start();
  await until(() => written.length > 0, 5000);
  t.deepEqual(written, [4]);
  t.deepEqual(faults, [silent]);
});
