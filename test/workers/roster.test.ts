import test from 'ava';
import * as fc from 'fast-check';
import { createRoster, type Listed } from '../../workers/roster.ts';

test('who is on a roster is who has come and has not gone, whatever the order', (t) => {
  const steps = fc.array(fc.record({ comes: fc.boolean(), which: fc.nat() }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (taken) => {
      const roster = createRoster<number>();
      const there = new Map<number, Listed<number>>();
      taken.forEach(({ comes, which }, step) => {
        if (comes) {
          there.set(step, roster.add(step));
          return;
        }
        const [item, listed] = [...there][which % Math.max(1, there.size)] ?? [];
        if (item === undefined || !listed) return;
        roster.remove(listed);
        roster.remove(listed);
        there.delete(item);
      });
      t.deepEqual(
        roster.all().toSorted((a, b) => a - b),
        [...there.keys()],
      );
      t.is(roster.size, there.size);
      for (const item of there.keys())
        t.is(
          roster.find((each) => each === item),
          item,
        );
    }),
  );
});

test('who leaves a roster while all are told is told all the same, and nobody twice', (t) => {
  const roster = createRoster<() => void>();
  let told = 0;
  const listed = Array.from({ length: 5 }, () =>
    roster.add(() => {
      told += 1;
      for (const each of listed) roster.remove(each);
    }),
  );
  for (const tell of roster.all()) tell();
  t.is(told, 5);
  t.is(roster.size, 0);
});
