import type { Suite } from './suite.ts';

export const fencing: Suite = (test, newWorld) => {
  test('a worker that comes back from the dead cannot settle, put back or append', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    const dead = await world.start(id);
    const alive = await world.start(id);
    t.deepEqual(await world.succeed(dead, 'late'), { kind: 'stale' });
    t.deepEqual(await world.putBack(dead), { kind: 'stale' });
    t.false(await world.store.append(id, dead.token, [{ kind: 'progress', data: '{}' }]));
    await world.succeed(alive, 'right');
    t.deepEqual(await world.fail(alive), { kind: 'stale' });
    t.is((await world.read(id)).output, '"right"');
  });

  test('the worker of an earlier run cannot touch the job that was retried', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    const old = await world.start(id);
    await world.store.leave(id, 'canceled');
    await world.retry(id);
    t.deepEqual(await world.succeed(old, 'late'), { kind: 'stale' });
    t.is(await world.store.start(id, 'worker'), undefined);
    t.is(await world.status(id), 'queued');
  });

  test('the scripts recover when Redis has forgotten them', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    await world.forgetScripts();
    const run = await world.start(id);
    await world.forgetScripts();
    await world.succeed(run);
    t.is(await world.status(id), 'succeeded');
  });

  test('no job is lost or doubled while Redis forgets the scripts under load', async (t) => {
    const world = newWorld();
    const jobs = Promise.all(Array.from({ length: 200 }, (_, n) => work(n)));
    for (let at = 0; at < 20; at++) await world.forgetScripts();
    t.deepEqual(new Set(await jobs), new Set(['succeeded']));
    t.deepEqual(await world.traces(), []);

    async function work(n: number): Promise<string> {
      const { id } = await world.submit({ input: { n } });
      await world.succeed(await world.start(id));
      return world.status(id);
    }
  });
};
