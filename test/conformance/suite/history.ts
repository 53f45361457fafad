import * as fc from 'fast-check';
import type { Suite } from './suite.ts';

export const history: Suite = (test, newWorld) => {
  test('an attempt that is broken off is in the history of whoever leaves, with times as everywhere', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1 });
    const second = await world.submit({ input: 1 });
    const run = await world.start(first.id);
    await world.store.leave(first.id, 'canceled');
    const left = await world.read(first.id);
    const entry = JSON.parse(left.history ?? '');
    t.deepEqual(entry, {
      attempt: 1,
      started_at: new Date(run.startedAt).toISOString(),
      ended_at: new Date(left.endedAt ?? 0).toISOString(),
      outcome: 'canceled',
    });
    await world.succeed(run);
    t.is((await world.read(second.id)).history, '{}');
    const waiting = await world.submit();
    await world.store.leave(waiting.id, 'canceled');
    t.is((await world.read(waiting.id)).history, undefined);
  });

  test('scripts write any time as JavaScript does', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    await world.start(id);
    const times = fc.sample(
      fc.date({ min: new Date(0), max: new Date('9000-01-01'), noInvalidDate: true }),
      300,
    );
    for (const at of [
      new Date(0),
      new Date('2024-02-29T23:59:59.999Z'),
      new Date('2100-02-28T12:00:00Z'),
      ...times,
    ]) {
      const other = await world.submit();
      await world.start(other.id);
      await world.connection.hset(`${world.prefix}job:${other.id}`, 'begun', at.getTime());
      await world.store.leave(other.id, 'canceled');
      t.is(JSON.parse((await world.read(other.id)).history ?? '').started_at, at.toISOString());
    }
  });
};
