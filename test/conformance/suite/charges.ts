import type { Suite } from './suite.ts';
import type { JobWorld } from '../../support/job-world.ts';

const price = { cost: 2.5, account: 'total' };

/** What each job owes, in the order of the ends: `<life> <amount>`. */
async function owed(world: JobWorld, ...ids: string[]): Promise<string[]> {
  const notes = await world.connection.zrange(`${world.prefix}charges`, '0', '-1');
  return ids.flatMap((id) =>
    notes
      .filter((note) => note.startsWith(`${id}~`))
      .map((note) => note.replace(`${id}~`, '').replace(' acme total', ''))
      .sort(),
  );
}

export const charges: Suite = (test, newWorld) => {
  test('a job that succeeded owes its price, one that failed gives it back', async (t) => {
    const world = newWorld();
    const good = await world.submit({ price });
    const bad = await world.submit({ price });
    await world.succeed(await world.start(good.id));
    await world.fail(await world.start(bad.id));
    t.deepEqual(await owed(world, good.id, bad.id), ['0 2.5', '0 0']);
  });

  test('a cached answer costs nothing', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1, price });
    await world.succeed(await world.start(first.id));
    const hit = await world.submit({ input: 1, price });
    t.is(hit.admission.kind, 'hit');
    t.deepEqual(await owed(world, hit.id), ['0 0']);
  });

  test('one call that answers several jobs is paid once, by the first', async (t) => {
    const world = newWorld();
    const [first, second, third] = [
      await world.submit({ input: 1, price }),
      await world.submit({ input: 1, price }),
      await world.submit({ input: 1, price }),
    ];
    await world.succeed(await world.start(first.id));
    t.deepEqual(await owed(world, first.id, second.id, third.id), ['0 2.5', '0 0', '0 0']);
  });

  test('where the first has left, the next one pays', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1, price });
    const second = await world.submit({ input: 1, price });
    const run = await world.start(first.id);
    await world.store.leave(first.id, 'canceled');
    await world.succeed(run);
    t.deepEqual(await owed(world, first.id, second.id), ['0 0', '0 2.5']);
  });

  test('canceled before it started a job costs nothing, after that its price', async (t) => {
    const world = newWorld();
    const early = await world.submit({ price });
    await world.store.leave(early.id, 'canceled');
    const late = await world.submit({ price });
    await world.start(late.id);
    await world.store.leave(late.id, 'canceled');
    t.deepEqual(await owed(world, early.id, late.id), ['0 0', '0 2.5']);
  });

  test('a job that expired costs nothing', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ price, ttl: 60 });
    await world.runOut(id);
    await world.store.leave(id, 'expired');
    t.deepEqual(await owed(world, id), ['0 0']);
  });

  test('each life of a job that is run again is charged apart, and an answer that comes late is not', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ price });
    const stale = await world.start(id);
    await world.store.leave(id, 'canceled');
    await world.retry(id, price);
    t.deepEqual(await world.succeed(stale), { kind: 'stale' });
    await world.succeed(await world.start(`${id}~1`));
    t.deepEqual(await owed(world, id), ['0 2.5', '1 2.5']);
  });

  test('where only a cached answer will do, nothing is queued and nobody joined', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1 });
    const other = await world.submit({ input: 1, price: { onlyCached: true } });
    t.deepEqual(other.admission, { kind: 'not cached' });
    await world.succeed(await world.start(first.id));
    t.is((await world.submit({ input: 1, price: { onlyCached: true } })).admission.kind, 'hit');
    const bypass = await world.submit({ input: 1, mode: 'bypass', price: { onlyCached: true } });
    t.deepEqual(bypass.admission, { kind: 'not cached' });
  });

  test('jobs without an account owe nothing', async (t) => {
    const world = newWorld();
    const unpriced = await world.submit();
    const free = await world.submit({ price: { cost: 1 } });
    for (const { id } of [unpriced, free]) await world.succeed(await world.start(id));
    t.deepEqual(await owed(world, unpriced.id, free.id), []);
  });

  test('canceled after it was put back without a call, a job costs nothing; after a failed call its price', async (t) => {
    const world = newWorld();
    const uncalled = await world.submit({ price });
    await world.putBack(await world.start(uncalled.id), false);
    await world.store.leave(uncalled.id, 'canceled');
    const called = await world.submit({ price });
    await world.putBack(await world.start(called.id), true);
    await world.store.leave(called.id, 'canceled');
    t.deepEqual(await owed(world, uncalled.id, called.id), ['0 0', '0 2.5']);
  });
};
