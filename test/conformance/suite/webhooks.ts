import type { Suite } from './suite.ts';

export const webhooks: Suite = (test, newWorld) => {
  test('a job owes a webhook for the ends that its client chose', async (t) => {
    const world = newWorld();
    const webhook = { url: 'https://example.org/hook', events: ['failed'] as const };
    const failing = await world.submit({ webhook });
    t.deepEqual(await world.fail(await world.start(failing.id)), { kind: 'settled', owed: [failing.id] });
    const succeeding = await world.submit({ webhook });
    t.deepEqual(await world.succeed(await world.start(succeeding.id)), { kind: 'settled', owed: [] });
    t.is(await world.connection.zcard(`${world.prefix}outbox`), 1);
  });

  test('each end of a job that is run again is owed apart', async (t) => {
    const world = newWorld();
    const webhook = { url: 'https://example.org/hook', events: ['failed', 'canceled'] as const };
    const { id } = await world.submit({ webhook });
    await world.fail(await world.start(id));
    await world.retry(id);
    await world.store.leave(id, 'canceled');
    const owed = await world.connection.zrange(`${world.prefix}outbox`, '0', '-1');
    t.deepEqual(
      owed.map((entry) => entry.split(':').slice(0, 2)),
      [
        [id, 'failed'],
        [id, 'canceled'],
      ],
    );
    t.is(new Set(owed).size, 2);
  });
};
