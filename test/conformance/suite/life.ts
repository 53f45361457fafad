import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from './suite.ts';

export const life: Suite = (test, newWorld) => {
  test('a job goes from queued over running to succeeded and leaves no trace in the indexes', async (t) => {
    const world = newWorld();
    const { id, admission } = await world.submit();
    t.is(admission.kind, 'queued');
    t.is(await world.status(id), 'queued');
    const run = await world.start(id);
    t.is(await world.status(id), 'running');
    t.deepEqual(await world.succeed(run, { answer: 42 }), { kind: 'settled', owed: [] });
    const job = await world.read(id);
    t.is(job.status, 'succeeded');
    t.is(job.output, '{"answer":42}');
    t.is(job.attempts, 1);
    t.deepEqual(await world.traces(), []);
  });

  test('admitting the same id twice makes one job', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ input: 1 });
    t.is((await world.submit({ id, input: 1 })).admission.kind, 'exists');
    await world.succeed(await world.start(id));
    t.deepEqual(await world.traces(), []);
  });

  test('an attempt that is put back counts or not, as its worker says', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    await world.putBack(await world.start(id), true);
    t.is(await world.status(id), 'queued');
    await world.putBack(await world.start(id), false);
    const third = await world.start(id);
    t.deepEqual([third.attempt, third.spent, third.token], [2, 1, 3]);
    await world.fail(third);
    t.is(await world.status(id), 'failed');
    t.deepEqual(await world.traces(), []);
  });

  test('canceling a job twice is harmless, canceling an ended one changes nothing', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    await world.store.leave(id, 'canceled');
    t.like(await world.store.leave(id, 'canceled'), { kind: 'ended', job: { status: 'canceled' } });
    const other = await world.submit();
    await world.succeed(await world.start(other.id));
    t.like(await world.store.leave(other.id, 'canceled'), { kind: 'ended', job: { status: 'succeeded' } });
    t.is(await world.store.start(id, 'worker'), undefined);
    t.deepEqual(await world.traces(), []);
  });

  test('a cancel answers the job as it is then, also when its data are gone', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ metadata: { order: '42' } });
    await world.start(id);
    const cancel = async () => {
      const left = await world.store.leave(id, 'canceled');
      const job = await world.store.read(id);
      t.deepEqual('job' in left && left.job, job);
      return [left.kind, job?.status, job?.dataRemoved];
    };
    t.deepEqual(await cancel(), ['left', 'canceled', false]);
    t.deepEqual(await cancel(), ['ended', 'canceled', false]);
    await world.connection.del(`${world.prefix}data:${id}`);
    t.deepEqual(await cancel(), ['ended', 'canceled', true]);
  });

  test('the data of an ended job goes with its retention, its record stays', async (t) => {
    const world = newWorld(', retention: 4');
    const { id } = await world.submit();
    await world.succeed(await world.start(id));
    t.false((await world.read(id)).dataRemoved);
    await sleep(4100);
    const job = await world.read(id);
    t.deepEqual([job.dataRemoved, job.output, job.status], [true, null, 'succeeded']);
    const days = (await world.connection.pttl(`${world.prefix}job:${id}`)) / 86_400_000;
    t.true(days > 6.9 && days < 7.1);
  });

  test('every key of jobs that have ended goes by itself', async (t) => {
    const world = newWorld();
    const job = await world.submit({ input: 1, waiter: 'replica', ttl: 60 });
    const joined = await world.submit({ input: 1, waiter: 'replica' });
    const handover = await world.fail(await world.start(job.id), 'handover');
    t.like(handover, { kind: 'handover', run: joined.id });
    await world.succeed(await world.start(joined.id));
    await world.submit({ input: 1 });
    await world.retry(job.id);
    await world.store.leave(job.id, 'canceled');
    const lasting: string[] = [];
    for (const key of await world.keys()) {
      if ((await world.connection.pttl(world.prefix + key)) < 0) lasting.push(key);
    }
    t.deepEqual(lasting, []);
  });

  test('the list of a tenant outlives each job in it and forgets those that are gone', async (t) => {
    const world = newWorld();
    const list = `${world.prefix}list:acme`;
    const longAgo = Date.now() - 9 * 86_400_000;
    const living = await Promise.all(Array.from({ length: 40 }, () => world.submit({ delay: 1000 })));
    for (const { id } of living) await world.connection.zadd(list, 'XX', longAgo, id);
    // One job in eight looks, by chance: of two hundred, not one among a hundred in a row is beyond belief.
    for (let at = 0; at < 200; at++) {
      const gone = await world.submit();
      await world.store.leave(gone.id, 'canceled');
      await world.connection.zadd(list, 'XX', longAgo + at, gone.id);
      await world.connection.del(`${world.prefix}job:${gone.id}`);
    }
    for (const { id } of living) t.not(await world.connection.zscore(list, id), null);
    t.true((await world.connection.zcard(list)) < 140);
    t.true((await world.connection.pttl(list)) > 60 * 86_400_000);
  });
};
