import test from 'ava';
import { createTurnBatches } from '../../shared/redis/turn-batches.ts';

/** Answers each call with itself, twice; and remembers what was sent together. */
function world(bounds = { calls: 3, characters: 100 }) {
  const sent: string[][] = [];
  const batches = createTurnBatches<string, string>(bounds, async (key, calls) => {
    sent.push([key, ...calls]);
    if (calls.includes('all fail')) throw new Error('away');
    return calls.map((call) => (call === 'fails' ? new Error('refused') : call + call));
  });
  return {
    sent,
    ask: (key: string, call: string, characters = 1) => batches.ask(key, call, characters),
  };
}

test('what is asked in one turn is sent together, where its key is the same, and each gets its own answer', async (t) => {
  const { sent, ask } = world();
  const answers = await Promise.all([ask('m', 'a'), ask('n', 'b'), ask('m', 'c')]);
  t.deepEqual(answers, ['aa', 'bb', 'cc']);
  t.deepEqual(sent, [
    ['m', 'a', 'c'],
    ['n', 'b'],
  ]);
});

test('a batch that is full is sent at once', async (t) => {
  const { sent, ask } = world();
  const asked = ['a', 'b', 'c', 'd'].map((call) => ask('m', call));
  t.deepEqual(sent, [['m', 'a', 'b', 'c']]);
  t.deepEqual(await Promise.all(asked), ['aa', 'bb', 'cc', 'dd']);
  t.deepEqual(sent[1], ['m', 'd']);
});

test('a batch with long texts is sent at once', async (t) => {
  const { sent, ask } = world();
  const asked = [ask('m', 'a', 60), ask('m', 'b', 60), ask('m', 'c')];
  t.deepEqual(sent, [['m', 'a', 'b']]);
  await Promise.all(asked);
});

test('turns are not mixed', async (t) => {
  const { sent, ask } = world();
  await ask('m', 'a');
  await ask('m', 'b');
  t.deepEqual(sent, [
    ['m', 'a'],
    ['m', 'b'],
  ]);
});

test('one that fails fails alone', async (t) => {
  const { ask } = world();
  const [good, bad] = await Promise.allSettled([ask('m', 'a'), ask('m', 'fails')]);
  t.deepEqual(good, { status: 'fulfilled', value: 'aa' });
  t.like(bad, { status: 'rejected', reason: { message: 'refused' } });
});

test('all of a batch fail that could not be sent, and no other', async (t) => {
  const { ask } = world();
  const settled = await Promise.allSettled([ask('m', 'a'), ask('m', 'all fail'), ask('n', 'b')]);
  t.deepEqual(
    settled.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
});
