import test from 'ava';
import { slotOf, spread } from '../../bench/shards.ts';

test('slots are those of Redis Cluster', (t) => {
  // From its specification, and of the keys that its documents have.
  t.is(slotOf('123456789'), 0x31c3);
  t.is(slotOf('foo'), 12_182);
});

test('many models of equal load lie evenly, and one great model cannot be spread', (t) => {
  t.true(spread({ models: 2000, shards: 16, exponent: 0 }).fullest < 1.4);
  const { fullest, greatest } = spread({ models: 200, shards: 16, exponent: 1 });
  t.true(fullest >= greatest * 16);
});
