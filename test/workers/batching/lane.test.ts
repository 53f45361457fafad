import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createLane, type LaneParts, type Passenger } from '../../../workers/batching/lane.ts';

interface Item extends Passenger {
  name: string;
}

const NEVER = new AbortController().signal;
const item = (name: string, signal = NEVER): Item => ({ name, signal });

function makeLane(parts: Partial<LaneParts<Item>> = {}) {
  const sent: string[] = [];
  const lane = createLane<Item>({
    maxSize: 3,
    maxDelayMs: 60_000,
    admit: async () => async () => undefined,
    send: async (items) => void sent.push(items.map(({ name }) => name).join('')),
    ...parts,
  });
  const add = (names: string): void => Array.from(names).forEach((name) => lane.add(item(name)));
  return { lane, sent, add };
}

const settled = (): Promise<void> => sleep(20);

test('a batch goes when it is full', async (t) => {
  const { sent, add } = makeLane();
  add('abcdefg');
  await settled();
  t.deepEqual(sent, ['abc', 'def']);
});

test('what is not full goes when its first has waited long enough', async (t) => {
  const { lane, sent, add } = makeLane({ maxDelayMs: 30 });
  add('ab');
  t.deepEqual(sent, []);
  while (sent.length === 0) await sleep(5);
  t.deepEqual(sent, ['ab']);
  await settled();
  t.true(lane.isIdle());
});

test('while calls wait for their turn, more come along', async (t) => {
  const turn = Promise.withResolvers<() => Promise<void>>();
  const { sent, add } = makeLane({ maxDelayMs: 1, admit: () => turn.promise });
  add('a');
  await settled();
  add('b');
  t.deepEqual(sent, []);
  turn.resolve(async () => undefined);
  await settled();
  t.deepEqual(sent, ['ab']);
});

test('who has left is not sent, and nobody is sent where all have', async (t) => {
  const gone = new AbortController();
  const turn = Promise.withResolvers<() => Promise<void>>();
  const { lane, sent } = makeLane({ maxSize: 2, maxDelayMs: 1, admit: () => turn.promise });
  lane.add(item('a', gone.signal));
  lane.add(item('b'));
  lane.add(item('c', gone.signal));
  gone.abort();
  turn.resolve(async () => undefined);
  await settled();
  t.deepEqual(sent, ['b']);
  t.true(lane.isIdle());
});

test('every turn that was taken is given back, also where sending throws', async (t) => {
  let taken = 0;
  const { add } = makeLane({
    maxSize: 1,
    admit: async () => {
      taken += 1;
      return async () => void (taken -= 1);
    },
    send: async () => {
      await sleep(5);
    },
  });
  add('abcd');
  t.is(taken, 4);
  await sleep(60);
  t.is(taken, 0);
});

test('nothing is lost or sent twice, whatever comes when', async (t) => {
  const { lane, sent, add } = makeLane({
    maxDelayMs: 2,
    admit: async () => {
      await sleep(Math.random() * 4);
      return async () => undefined;
    },
  });
  const names = Array.from({ length: 200 }, (_, at) => String.fromCharCode(0x4e00 + at));
  for (const name of names) {
    add(name);
    if (Math.random() < 0.3) await sleep(Math.random() * 3);
  }
  while (!lane.isIdle()) await sleep(5);
  t.deepEqual(Array.from(sent.join('')), names);
  t.true(sent.every((batch) => batch.length <= 3));
});

test('where all have left nobody waits for a turn any more, and who comes then is sent', async (t) => {
  const gone = new AbortController();
  const turn = Promise.withResolvers<() => Promise<void>>();
  const { lane, sent, add } = makeLane({
    maxDelayMs: 1,
    admit: (signal) =>
      Promise.race([
        turn.promise,
        new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
      ]),
  });
  lane.add(item('a', gone.signal));
  await settled();
  gone.abort();
  await settled();
  t.true(lane.isIdle());
  add('b');
  turn.resolve(async () => undefined);
  while (!lane.isIdle()) await sleep(5);
  t.deepEqual(sent, ['b']);
});
