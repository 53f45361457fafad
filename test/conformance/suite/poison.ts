import type { Suite } from './suite.ts';

/** Runs whose workers die of them. */
export const poison: Suite = (test, newWorld) => {
  test('after two deaths a run is for a worker that has nothing else, and the third is its end', async (t) => {
    const world = newWorld();
    const among = (run: string) => world.store.startAmongOthers(run, 'worker');
    const { id } = await world.submit({ input: 'poison' });
    const { id: twin } = await world.submit({ input: 'poison' });
    for (let deaths = 0; deaths < 2; deaths++)
      t.like(await among(id), { givenUp: false, attempt: deaths + 1 });
    t.is(await among(id), 'alone');
    t.is(await among(id), 'alone', 'asking counts as nothing');
    t.like(await world.start(id), { givenUp: false, attempt: 3 });
    const last = await world.start(id);
    t.like(last, { givenUp: true, attempt: 3, lost: { worker: 'worker' } });
    await world.fail(last);
    for (const job of [id, twin]) t.is(await world.status(job), 'failed');
    t.is((await world.read(id)).attempts, 3);
  });

  test('whoever comes back has not died: that was no death', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    for (let slow = 0; slow < 5; slow++) {
      const late = await world.start(id);
      const next = await world.start(id);
      t.false(next.givenUp, `${slow}`);
      t.deepEqual(await world.putBack(late, false), { kind: 'stale' });
      await world.putBack(next, false);
    }
  });

  test('a run that came to an end with its worker alive is no suspect any more', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    for (let death = 0; death < 3; death++) await world.start(id);
    await world.putBack(await world.start(id));
    const next = await world.store.startAmongOthers(id, 'worker');
    t.like(next, { givenUp: false });
  });
};
