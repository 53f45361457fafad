import type { Suite } from './suite.ts';

const HOURS = 3_600_000;

/** As it is after a failover to a Redis whose clock is behind: what is written is later than now. */
export const steppedClock: Suite = (test, newWorld) => {
  test('the rate of starts stays what it was when the clock of Redis is set back', async (t) => {
    const world = newWorld();
    const first = await world.submit({ handOver: true });
    const next = await world.submit({ handOver: true });
    const ahead = Date.now() + 7 * HOURS;
    await world.connection.hset(`${world.prefix}state`, 'rate', 3, 'busy', 1000, 'rated', ahead);
    t.like((await world.submit({ ttl: 0.001 })).admission, { kind: 'queued', position: 3 });
    t.is((await world.read(next.id)).queue?.eta, null);
    await world.start(first.id);
    const { rate } = await world.connection.hgetall(`${world.prefix}state`);
    t.is(Number(rate), 4);
    t.is((await world.submit()).admission.kind, 'queued');
  });

  test('no job has waited for less than no time, nor run for less', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    const ahead = Date.now() + HOURS;
    await world.connection.hset(`${world.prefix}job:${id}`, 'queued', ahead);
    t.is((await world.start(id)).waitedMs, 0);
    await world.connection.hset(`${world.prefix}job:${id}`, 'started', ahead);
    await world.store.leave(id, 'canceled');
    t.is((await world.read(id)).history, `[1,${ahead},0,"canceled"]`);
  });
};
