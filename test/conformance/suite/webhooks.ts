import { readPastEnd } from '../../../shared/redis/past-end.ts';
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

  test('a job tells of its first start, where its client asked, and not of those after it', async (t) => {
    const world = newWorld();
    const webhook = { url: 'https://example.org/hook', events: ['started', 'failed'] as const };
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1, webhook });
    const run = await world.start(leader.id);
    t.deepEqual(run.told, [follower.id]);
    await world.putBack(run);
    const second = await world.start(leader.id);
    t.deepEqual(second.told, []);
    await world.fail(second);
    await world.retry(follower.id);
    t.deepEqual((await world.start(`${follower.id}~1`)).told, [follower.id]);
  });

  test('an end is remembered when its job is run again, for the webhook that tells of it', async (t) => {
    const world = newWorld();
    const webhook = { url: 'https://example.org/hook', events: ['failed'] as const };
    const { id } = await world.submit({ webhook });
    await world.fail(await world.start(id));
    const { revision, error, startedAt, endedAt, attempts, queuedAt, cache, run } = await world.read(id);
    await world.retry(id);
    t.is((await world.read(id)).error, null);
    const past = await readPastEnd(world.connection, id, revision);
    t.deepEqual(past, { error, startedAt, endedAt, attempts, queuedAt, cache, run });
    t.is(await readPastEnd(world.connection, id, revision + 1), undefined);
  });
};
