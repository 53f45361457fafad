import test from 'ava';
import { hasRoom } from '../../shared/redis/memory-room.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

test('a tenth of the memory stays free for what was accepted, of a small Redis at least 16 MiB', (t) => {
  t.true(hasRoom({ used: 2.69 * GIB, limit: 3 * GIB }));
  t.false(hasRoom({ used: 2.71 * GIB, limit: 3 * GIB }));
  t.true(hasRoom({ used: 83 * MIB, limit: 100 * MIB }));
  t.false(hasRoom({ used: 85 * MIB, limit: 100 * MIB }));
});

test('of a very small one a quarter stays free, and one without a limit is never full', (t) => {
  t.true(hasRoom({ used: 7 * MIB, limit: 10 * MIB }));
  t.false(hasRoom({ used: 8 * MIB, limit: 10 * MIB }));
  t.true(hasRoom({ used: 900 * GIB, limit: 0 }));
});

test('what is on its way counts as used', (t) => {
  t.true(hasRoom({ used: GIB, limit: 2 * GIB }, 0.5 * GIB));
  t.false(hasRoom({ used: GIB, limit: 2 * GIB }, GIB));
});
