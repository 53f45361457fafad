import test from 'ava';
import { createRoom } from '../../workers/room.ts';

test('many are inside at once, and whoever is to be alone waits until all have left', async (t) => {
  const room = createRoom();
  const told: string[] = [];
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const visits = [
    room.enter(() => first.promise),
    room.enter(() => second.promise),
    room.enterAlone(async () => void told.push('alone')),
    room.enter(async () => void told.push('after')),
  ];
  first.resolve();
  await visits[0];
  t.deepEqual(told, []);
  second.resolve();
  await Promise.all(visits);
  t.deepEqual(told, ['alone', 'after'], 'who came later waited before the door');
});

test('one after the other is alone, and others come in when none wants to be', async (t) => {
  const room = createRoom();
  let inside = 0;
  const alone = () =>
    room.enterAlone(async () => {
      t.is(++inside, 1);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    });
  const among = () =>
    room.enter(async () => {
      t.is(inside, 0);
      await new Promise((resolve) => setImmediate(resolve));
    });
  await Promise.all([alone(), among(), alone(), among(), alone()]);
  t.is(inside, 0);
});

test('whoever fails leaves all the same', async (t) => {
  const room = createRoom();
  await t.throwsAsync(
    room.enterAlone(() => Promise.reject(new Error('died'))),
    { message: 'died' },
  );
  await t.throwsAsync(
    room.enter(() => Promise.reject(new Error('died'))),
    { message: 'died' },
  );
  t.is(await room.enter(async () => 'in'), 'in');
  t.is(await room.enterAlone(async () => 'in'), 'in');
});

test('a place is taken without waiting, but not where somebody is alone or waits to be', async (t) => {
  const room = createRoom();
  t.true(room.reserve());
  const told: string[] = [];
  const alone = room.enterAlone(async () => {
    t.false(room.reserve());
    told.push('alone');
  });
  t.false(room.reserve(), 'somebody waits to be alone');
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(told, []);
  room.leave();
  await alone;
  t.true(room.reserve());
});
