import test from 'ava';
import { deletionCost } from '../../workers/pod-deletion-cost.ts';

test('who runs more costs more, in steps that a steady load does not cross all the time', (t) => {
  t.deepEqual([0, 1, 2, 3, 4, 5, 7, 8, 50].map(deletionCost), [0, 1, 2, 2, 4, 4, 4, 8, 32]);
});
