import test from 'ava';
import * as fc from 'fast-check';
import { createConcurrencyLimit } from '../../../workers/routing/concurrency-limit.ts';

function limitOf(most: number) {
  const clock = { now: 0 };
  return { clock, limit: createConcurrencyLimit(most, () => clock.now) };
}

test('a refusal halves it, and those of the same moment count once', (t) => {
  const { clock, limit } = limitOf(16);
  limit.refused();
  limit.refused();
  t.is(limit.current(), 8);
  clock.now += 1000;
  limit.refused();
  t.is(limit.current(), 4);
});

test('it grows by a call a round while as many are under way as it allows, up to the concurrency', (t) => {
  const { limit } = limitOf(8);
  limit.refused();
  t.is(limit.current(), 4);
  for (let call = 0; call < 100; call++) limit.answered(10, false);
  t.is(limit.current(), 4);
  for (let call = 0; call < 5; call++) limit.answered(10, true);
  t.is(limit.current(), 5);
  for (let call = 0; call < 100; call++) limit.answered(10, true);
  t.is(limit.current(), 8);
});

test('answers that take three times as long as they used to lower it; ones that always took long do not', (t) => {
  const { clock, limit } = limitOf(16);
  for (let call = 0; call < 200; call++) limit.answered(call % 10 === 0 ? 400 : 100, true);
  t.is(limit.current(), 16);
  for (let call = 0; call < 20; call++) {
    clock.now += 100;
    limit.answered(1000, true);
  }
  t.true(limit.current() < 16, `${limit.current()}`);
});

test('it stays between one and the concurrency whatever happens', (t) => {
  const event = fc.oneof(
    fc.constant('refused' as const),
    fc.record({ ms: fc.nat(10_000), full: fc.boolean() }),
    fc.record({ bound: fc.integer({ min: 1, max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(event), (first, events) => {
      const { clock, limit } = limitOf(first);
      let most = first;
      return events.every((happened) => {
        clock.now += 500;
        if (happened === 'refused') limit.refused();
        else if ('bound' in happened) limit.bound((most = happened.bound));
        else limit.answered(happened.ms, happened.full);
        return limit.current() >= 1 && limit.current() <= most;
      });
    }),
  );
  t.pass();
});

test('a new concurrency holds at once, and what was not learned grows with it', (t) => {
  const { limit } = limitOf(4);
  limit.bound(10);
  t.is(limit.current(), 10);
  limit.bound(2);
  t.is(limit.current(), 2);
});
