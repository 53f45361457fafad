import test from 'ava';
import { chooseVersion, mainVersion, sharesOf } from '../../shared/models/traffic.ts';

const NONE = {};

test('without percentages the newest version takes all', (t) => {
  t.deepEqual(sharesOf([NONE, NONE, NONE]), [0, 0, 100]);
});

test('a canary takes its percentage, and the version before it the rest', (t) => {
  t.deepEqual(sharesOf([NONE, { traffic: 5 }]), [95, 5]);
  t.deepEqual(sharesOf([NONE, NONE, { traffic: 5 }]), [0, 95, 5]);
  t.is(mainVersion([NONE, { traffic: 5 }]), 0);
});

test('where every version has a percentage they are taken in proportion', (t) => {
  t.deepEqual(sharesOf([{ traffic: 10 }, { traffic: 30 }]), [25, 75]);
  t.deepEqual(sharesOf([{ traffic: 80 }, { traffic: 80 }]), [50, 50]);
});

test('percentages over 100 leave nothing for the others, and zero for all leaves the newest', (t) => {
  t.deepEqual(sharesOf([NONE, { traffic: 60 }, { traffic: 60 }]), [0, 50, 50]);
  t.deepEqual(sharesOf([{ traffic: 0 }, { traffic: 0 }]), [0, 100]);
  t.deepEqual(sharesOf([]), []);
});

test('each version is chosen as often as its share says', (t) => {
  const versions = [{ traffic: 20 }, NONE, { traffic: 10 }];
  const random = seeded(42);
  const counts = [0, 0, 0];
  for (let time = 0; time < 20_000; time++) {
    const chosen = chooseVersion(versions, random());
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  t.deepEqual(
    counts.map((count) => Math.round(count / 200)),
    [20, 70, 10],
  );
});

test('one is chosen whatever the chance, never one without a share', (t) => {
  const third = 100 / 3;
  for (const random of [0, 0.5, 1 - Number.EPSILON]) {
    t.true(chooseVersion([{ traffic: third }, { traffic: third }, { traffic: third }], random) >= 0);
    t.is(chooseVersion([NONE, NONE], random), 1);
    t.is(chooseVersion([NONE, { traffic: 0 }], random), 0);
  }
});

/** Mulberry32: the same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
