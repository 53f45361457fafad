import { createFailedJobs } from '../../../shared/redis/failed-jobs.ts';
import type { Suite } from './suite.ts';

export const retry: Suite = (test, newWorld) => {
  test('a job can be retried after it failed, was canceled or expired, under the same id', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ input: { keep: 'me' } });
    await world.fail(await world.start(id));
    t.like(await world.retry(id), { kind: 'queued', job: { run: `${id}~1` } });
    t.like(await world.read(id), { status: 'queued', error: null, endedAt: null, startedAt: null });
    const run = await world.start(`${id}~1`);
    t.is(run.input, '{"keep":"me"}');
    t.is(run.attempt, 2);
    await world.store.leave(id, 'canceled');
    await world.retry(id);
    await world.succeed(await world.start(`${id}~2`), 'at last');
    t.is((await world.read(id)).output, '"at last"');
    t.deepEqual(await world.retry(id), { kind: 'refused', status: 'succeeded' });
    t.deepEqual(await world.traces(), []);
  });

  test('a retry answers the job as it is then', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ ttl: 60, metadata: { order: '42' } });
    await world.fail(await world.start(id));
    const retrial = await world.retry(id);
    const job = await world.store.read(id);
    t.deepEqual(retrial.kind === 'queued' && retrial.job, job);
    t.is(job?.status, 'queued');
  });

  test('a retried job is not delayed again', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ delay: 100 });
    await world.store.leave(id, 'canceled');
    await world.retry(id);
    t.deepEqual((await world.read(id)).queue, { position: 1, eta: null });
  });

  test('a job whose input is gone is not retried', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    await world.store.leave(id, 'canceled');
    const job = await world.read(id);
    await world.connection.del(`${world.prefix}data:${id}`);
    t.deepEqual(await world.store.retry(job, world.model, 10), { kind: 'removed' });
    await world.connection.del(`${world.prefix}job:${id}`);
    t.deepEqual(await world.store.retry(job, world.model, 10), { kind: 'missing' });
  });

  test('who joined and failed can be retried by himself', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1 });
    await world.fail(await world.start(leader.id));
    await world.retry(follower.id);
    await world.succeed(await world.start(`${follower.id}~1`), 'alone');
    t.deepEqual([await world.status(leader.id), await world.status(follower.id)], ['failed', 'succeeded']);
    t.deepEqual(await world.traces(), []);
  });

  test('who failed is in the index of failed jobs until he is retried or cannot be any more', async (t) => {
    const world = newWorld(', retention: 60');
    const failedJobs = createFailedJobs(world.connection);
    const failed = async () => (await failedJobs.list(world.code, 0, 0, 10)).map(({ id }) => id);
    const jobs = [await world.submit({ input: 1 }), await world.submit(), await world.submit()];
    const joined = await world.submit({ input: 1 });
    for (const { id } of jobs) await world.fail(await world.start(id));
    const ids = jobs.map(({ id }) => id);
    t.deepEqual((await failed()).toSorted(), [...ids, joined.id].toSorted());
    const left = await world.connection.pttl(`${world.prefix}failed`);
    t.true(left > 0 && left <= 60_000, 'no longer than their input');
    const [first = '', second = ''] = ids;
    await world.retry(first);
    t.false((await failed()).includes(first));
    await world.connection.del(`${world.prefix}data:${second}`);
    await world.retry(second);
    t.false((await failed()).includes(second));
    await world.fail(await world.start(`${first}~1`));
    t.true((await failed()).includes(first), 'again');
  });

  test('a full backlog leaves who failed in the index, and old failures go from it', async (t) => {
    const world = newWorld(', retention: 60, queue: {max_depth: 1}');
    const failedJobs = createFailedJobs(world.connection);
    const first = await world.submit();
    await world.fail(await world.start(first.id));
    await world.submit();
    t.like(await world.retry(first.id), { kind: 'full' });
    t.is((await failedJobs.list(world.code, 0, 0, 10)).length, 1);
    await world.connection.zadd(`${world.prefix}failed`, 1, first.id);
    const [waiting = ''] = await world.connection.zrange(`${world.prefix}runs`, '0', '0');
    await world.fail(await world.start(waiting));
    t.deepEqual(
      (await failedJobs.list(world.code, 0, 0, 10)).map((job) => job.id),
      [waiting],
    );
  });

  test('a job that is canceled and retried again and again keeps one copy of its input', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ input: 'x'.repeat(10_000) });
    for (let at = 0; at < 20; at++) {
      await world.store.leave(id, 'canceled');
      t.is((await world.retry(id)).kind, 'queued');
    }
    const data = (await world.keys()).filter((key) => key.startsWith('data:'));
    t.deepEqual(data, [`data:${id}~20`]);
    t.is((await world.start(`${id}~20`)).input, JSON.stringify('x'.repeat(10_000)));
  });

  test('the input stays with those who joined when the first of them goes on alone', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 'same' });
    const second = await world.submit({ input: 'same' });
    const run = await world.start(first.id);
    await world.fail(run);
    await world.retry(first.id);
    t.is((await world.retry(second.id)).kind, 'queued');
    t.is((await world.start(`${second.id}~1`)).input, '"same"');
    t.is((await world.start(`${first.id}~1`)).input, '"same"');
  });
};
