import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createTurns } from '../../../workers/batching/turns.ts';
import { until } from '../../support/until.ts';

const NEVER = new AbortController().signal;

function makeTurns(heldMs?: number) {
  const seen = { taken: 0, asked: 0, renewed: 0, errors: 0, down: false };
  const turns = createTurns({
    slots: {
      async take(_code, limit) {
        seen.asked += 1;
        if (seen.down) throw new Error('away');
        if (seen.taken >= limit) return undefined;
        seen.taken += 1;
        return {
          renew: async () => void (seen.renewed += 1),
          release: async () => void (seen.taken -= 1),
        };
      },
    },
    random: () => 0.5,
    onError: () => (seen.errors += 1),
    ...(heldMs === undefined ? {} : { heldMs }),
  });
  return { turns, seen };
}

test('many who wait for a model ask as one, ever less often, and not at all when they have left', async (t) => {
  const { turns, seen } = makeTurns();
  const release = await turns.take('m', 1, NEVER);
  const leaving = new AbortController();
  const waiting = Array.from({ length: 50 }, () => turns.take('m', 1, leaving.signal));
  await sleep(500);
  t.true(seen.asked <= 20, `asked ${seen.asked} times`);
  leaving.abort();
  t.true((await Promise.all(waiting)).every((turn) => turn === undefined));
  const asked = seen.asked;
  await sleep(250);
  t.true(seen.asked <= asked + 1);
  await release?.();
  t.is(seen.taken, 0);
});

test('a turn goes to whoever has waited longest, and there are never more than the limit', async (t) => {
  const { turns, seen } = makeTurns();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const release = await turns.take('m', 3, NEVER);
      t.true(seen.taken <= 3);
      order.push(at);
      await sleep(2);
      await release?.();
    }),
  );
  t.deepEqual(
    order,
    Array.from({ length: 20 }, (_, at) => at),
  );
});

test('a turn is held as long as its call takes', async (t) => {
  const { turns, seen } = makeTurns(30);
  const release = await turns.take('m', 1, NEVER);
  await until(() => seen.renewed >= 3);
  await release?.();
  const renewed = seen.renewed;
  await sleep(60);
  t.is(seen.renewed, renewed);
});

test('where nobody can count, calls are made', async (t) => {
  const { turns, seen } = makeTurns();
  seen.down = true;
  const release = await turns.take('m', 1, NEVER);
  await release?.();
  t.is(seen.errors, 1);
});
