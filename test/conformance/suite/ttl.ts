import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from './suite.ts';

export const ttl: Suite = (test, newWorld) => {
  test('a job past its ttl is expired at its start and the model is not called', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ ttl: 0.02 });
    await sleep(40);
    t.is(await world.store.start(id, 'worker'), undefined);
    t.is(await world.status(id), 'expired');
    t.deepEqual(await world.traces(), []);
  });

  test('a ttl runs until the first start, not after it', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ ttl: 60 });
    await world.putBack(await world.start(id));
    await world.runOut(id);
    t.deepEqual(await world.store.leave(id, 'expired'), { kind: 'not due' });
    await world.succeed(await world.start(id));
    t.is(await world.status(id), 'succeeded');
  });

  test('a ttl that is shorter than a millisecond is one all the same', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ ttl: 0.0001 });
    t.not((await world.read(id)).expiresAt, null);
  });

  test('a job that joined expires by its own ttl and the run goes on', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1, ttl: 0.02 });
    await sleep(40);
    const run = await world.start(leader.id);
    t.is(await world.status(follower.id), 'expired');
    await world.succeed(run);
    t.is(await world.status(leader.id), 'succeeded');
    t.deepEqual(await world.traces(), []);
  });

  test('an owner that expires leaves its run, in its place, to those who joined', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1, ttl: 60 });
    const follower = await world.submit({ input: 1 });
    await world.runOut(leader.id);
    const run = await world.start(leader.id);
    t.is(run.jobId, follower.id);
    t.is(await world.status(leader.id), 'expired');
    await world.succeed(run);
    t.is(await world.status(follower.id), 'succeeded');
    t.deepEqual(await world.traces(), []);
  });

  test('the ttl of a retried job runs anew', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ ttl: 60 });
    await world.runOut(id);
    t.like(await world.store.leave(id, 'expired'), { kind: 'left', abandoned: true });
    await world.retry(id);
    t.deepEqual(await world.store.leave(id, 'expired'), { kind: 'not due' });
    await world.runOut(id);
    t.is(await world.store.start(`${id}~1`, 'worker'), undefined);
    t.is(await world.status(id), 'expired');
    t.deepEqual(await world.traces(), []);
  });

  test('a delay is no part of the ttl', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ ttl: 60, delay: 100 });
    const { expiresAt, createdAt, queue } = await world.read(id);
    t.is((expiresAt ?? 0) - createdAt, 160_000);
    t.true((queue?.eta ?? 0) > 60);
  });
};
