import { setTimeout as sleep } from 'node:timers/promises';
import type { TestFn } from 'ava';
import type { RedisConnection } from '../../../shared/redis/connection.ts';
import { until } from '../../support/until.ts';
import { createSweeperWorld, pendingOutbox, WEBHOOK } from '../sweeper-world.ts';

/** Tests that hold for the sweeper whatever Redis it is on. */
export function sweeping(test: TestFn, connection: RedisConnection): void {
  test('a job that nobody handed over is handed over five seconds later', async (t) => {
    const { world, sweeper, known } = createSweeperWorld(t, connection);
    const { id } = await world.submit();
    const begun = performance.now();
    sweeper.start();
    await until(async () => (await known(id)) === 'prioritized');
    const seconds = (performance.now() - begun) / 1000;
    t.log(`${seconds.toFixed(1)} s`);
    t.true(seconds < 8);
  });

  test('what was never handed over is: a retried job at once, a delayed one in its time', async (t) => {
    const { world, sweeper, runs, lookNow } = createSweeperWorld(t, connection);
    const delayed = await world.submit({ delay: 3600 });
    const retried = await world.submit({ delay: 3600 });
    await world.store.leave(retried.id, 'canceled');
    await world.retry(retried.id);
    await lookNow();
    await sweeper.sweepOnce();
    const delay = (await runs.getJob(delayed.id))?.delay ?? 0;
    t.true(delay > 3_000_000 && delay <= 3_600_000, `${delay} ms`);
    t.is(await (await runs.getJob(`${retried.id}~1`))?.getState(), 'prioritized');
  });

  test('a worker whose clock is ahead does not start a delayed job before its time', async (t) => {
    const { world, sweeper, runs, work, submit, lookNow } = createSweeperWorld(t, connection);
    const id = await submit({ delay: 600 });
    // What BullMQ does when the worker's clock says that it is time.
    await (await runs.getJob(id))?.promote();
    const ahead = work(undefined, { autorun: false });
    const early = await ahead.getNextJob('early', { block: false });
    t.is(early?.id, id);
    t.is(await world.store.start(id, 'ahead'), undefined);
    await early?.moveToCompleted(null, 'early', false);
    t.is(await world.status(id), 'queued');
    t.regex(
      String(await connection.zscore(`${world.prefix}runs`, id)),
      /^\d{13}$/,
      'the sweeper looks in time',
    );
    // The time comes.
    await connection.hset(`${world.prefix}job:${id}`, 'due', 1);
    await lookNow();
    work(async () => world.succeed(await world.start(id)));
    await sweeper.sweepOnce();
    await until(async () => (await world.status(id)) === 'succeeded', 60_000);
  });

  test('the new run of jobs that were handed over is handed to BullMQ where their worker died', async (t) => {
    const { world, sweeper, known, lookNow } = createSweeperWorld(t, connection);
    const leader = await world.submit({ input: 1 });
    const heir = await world.submit({ input: 1 });
    await world.fail(await world.start(leader.id), 'handover');
    await lookNow();
    await sweeper.sweepOnce();
    t.is(await known(heir.id), 'prioritized');
  });

  test('a run whose owner has left is looked after for those who joined it', async (t) => {
    const { world, sweeper, known, lookNow } = createSweeperWorld(t, connection);
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1 });
    await world.store.leave(leader.id, 'canceled');
    await lookNow();
    await sweeper.sweepOnce();
    t.is(await known(leader.id), 'prioritized');
    await world.succeed(await world.start(leader.id));
    t.is(await world.status(follower.id), 'succeeded');
  });

  test('what BullMQ has is left alone, and is not looked at again until it starts', async (t) => {
    const { world, sweeper, runs, submit, lookNow } = createSweeperWorld(t, connection);
    const id = await submit();
    const before = (await runs.getJob(id))?.timestamp;
    await lookNow();
    await sweeper.sweepOnce();
    t.is((await runs.getJob(id))?.timestamp, before);
    t.is(await connection.zscore(`${world.prefix}runs`, id), 'inf');
    await world.start(id);
    t.true(Number(await connection.zscore(`${world.prefix}runs`, id)) < Date.now() + 70_000);
  });

  test('a run that BullMQ failed because its workers died too often ends as worker_lost, for all who wait for it', async (t) => {
    const { world, sweeper, runs, work, submit, known, deliveries } = createSweeperWorld(t, connection);
    const id = await submit({ input: 1, webhook: WEBHOOK });
    const follower = await world.submit({ input: 1 });
    const dying = work(undefined, { autorun: false, lockDuration: 100 });
    await dying.getNextJob('a worker that dies', { block: false });
    await world.start(id);
    await sleep(150);
    work(async () => t.fail('the model was called'), { stalledInterval: 100, maxStalledCount: 0 });
    await until(async () => (await known(id)) === 'failed');
    await sweeper.sweepOnce();
    const job = await world.read(id);
    t.like(job.error, { error_type: 'worker_lost', attempt: 1, retryable: true });
    t.is(await world.status(follower.id), 'failed');
    t.is(await runs.getJob(id), undefined);
    t.truthy(await deliveries.getJob(`msg_${id}_${job.revision}`));
    t.deepEqual(
      (await world.traces()).filter((key) => !key.startsWith('jobs:')),
      [],
    );
  });

  test('a run that BullMQ failed because the worker threw between two steps goes back into the queue', async (t) => {
    const { world, sweeper, work, submit, known } = createSweeperWorld(t, connection);
    const id = await submit();
    let calls = 0;
    work(async () => {
      calls += 1;
      const run = await world.start(id);
      if (calls === 1) throw new Error('Redis went away');
      await world.succeed(run);
    });
    await until(async () => (await known(id)) === 'failed');
    await sweeper.sweepOnce();
    await until(async () => (await world.status(id)) === 'succeeded');
    t.is((await world.read(id)).attempts, 2);
  });

  test('what BullMQ keeps as failed of a job that has ended is taken away', async (t) => {
    const { world, sweeper, runs, work, submit, known } = createSweeperWorld(t, connection);
    const id = await submit();
    work(async () => {
      await world.succeed(await world.start(id));
      throw new Error('died before BullMQ knew');
    });
    await until(async () => (await known(id)) === 'failed');
    await sweeper.sweepOnce();
    t.is(await runs.getJob(id), undefined);
    t.is(await world.status(id), 'succeeded');
  });

  test('a webhook that was left over is handed to the delivery queue, once', async (t) => {
    const { world, sweeper, deliveries } = createSweeperWorld(t, connection);
    const { id } = await world.submit({ webhook: WEBHOOK });
    await world.succeed(await world.start(id));
    const key = `${world.prefix}outbox`;
    await sweeper.sweepOnce();
    t.is(await pendingOutbox(world), 1, 'whoever ended the job may still be about to send it');
    await connection.zadd(key, 'XX', 0, (await connection.zrange(key, '0', '0'))[0] ?? '');
    await Promise.all([sweeper.sweepOnce(), sweeper.sweepOnce()]);
    await sweeper.sweepOnce();
    t.is(await pendingOutbox(world), 0);
    t.truthy(await deliveries.getJob(`msg_${id}_${(await world.read(id)).revision}`));
    const made = await deliveries.getJobs(['waiting', 'active', 'delayed', 'prioritized']);
    t.is(made.filter(({ data }) => data.jobId === id).length, 1);
  });

  test('hundreds of webhooks left over are handed over at once, and one that cannot be keeps no other', async (t) => {
    const { world, sweeper, deliveries, faults } = createSweeperWorld(t, connection);
    const ids = await Promise.all(
      Array.from({ length: 250 }, async () => {
        const { id } = await world.submit({ webhook: WEBHOOK });
        await world.succeed(await world.start(id));
        return id;
      }),
    );
    const key = `${world.prefix}outbox`;
    for (const entry of await connection.zrange(key, '0', '-1')) await connection.zadd(key, 'XX', 0, entry);
    const [broken = ''] = ids;
    const facts = (await connection.hget(`${world.prefix}job:${broken}`, 'facts')) ?? '';
    await connection.hset(`${world.prefix}job:${broken}`, 'facts', facts.replace('{', 'not JSON'));
    const begun = performance.now();
    await until(async () => {
      await sweeper.sweepOnce();
      return (await pendingOutbox(world)) === 1;
    });
    t.log(`250 in ${Math.round(performance.now() - begun)} ms`);
    t.true(faults.length > 0, 'it is told');
    await connection.hset(`${world.prefix}job:${broken}`, 'facts', facts);
    for (const entry of await connection.zrange(key, '0', '-1')) await connection.zadd(key, 'XX', 0, entry);
    await sweeper.sweepOnce();
    t.is(await pendingOutbox(world), 0);
    const made = await deliveries.getJobs(['waiting', 'active', 'delayed', 'prioritized']);
    t.is(made.filter(({ data }) => ids.includes(data.jobId)).length, 250);
  });

  test('a webhook that is left over tells what happened, though its job was run again meanwhile', async (t) => {
    const { world, sweeper, deliveries } = createSweeperWorld(t, connection);
    const { id } = await world.submit({ webhook: WEBHOOK });
    await world.fail(await world.start(id));
    const { revision, endedAt } = await world.read(id);
    await world.retry(id);
    await world.start(`${id}~1`);
    const key = `${world.prefix}outbox`;
    await connection.zadd(key, 'XX', 0, (await connection.zrange(key, '0', '0'))[0] ?? '');
    await sweeper.sweepOnce();
    const { body = '' } = (await deliveries.getJob(`msg_${id}_${revision}`))?.data ?? {};
    t.like(JSON.parse(body), {
      type: 'job.failed',
      data: {
        status: 'failed',
        error: { error_type: 'model_error' },
        completed_at: new Date(endedAt ?? 0).toISOString(),
        metrics: { attempts: 1 },
      },
    });
  });

  test('a job past its ttl is expired, its run taken out of BullMQ and its webhook sent', async (t) => {
    const { world, sweeper, runs, submit, deliveries } = createSweeperWorld(t, connection);
    const id = await submit({ ttl: 60, webhook: WEBHOOK });
    await world.runOut(id);
    await sweeper.sweepOnce();
    const job = await world.read(id);
    t.is(job.status, 'expired');
    t.is(await runs.getJob(id), undefined);
    t.truthy(await deliveries.getJob(`msg_${id}_${job.revision}`));
    t.is(await pendingOutbox(world), 0);
  });

  test('a fault with one model keeps no other from being swept', async (t) => {
    const broken = createSweeperWorld(t, connection);
    const { world, faults, sweeperOf } = createSweeperWorld(t, connection);
    await connection.set(`${broken.world.prefix}due`, 'not an index');
    const { id } = await world.submit({ ttl: 60 });
    await world.runOut(id);
    await sweeperOf([broken.world.code, world.code], 'both').sweepOnce();
    t.is(await world.status(id), 'expired');
    t.true(faults.length > 0);
  });

  test('workers of different models sweep each their own; of the same, one at a time', async (t) => {
    const ours = createSweeperWorld(t, connection);
    const theirs = createSweeperWorld(t, connection);
    const due = async ({ world }: typeof ours): Promise<string> => {
      const { id } = await world.submit({ ttl: 60 });
      await world.runOut(id);
      return id;
    };
    const [our, their] = [await due(ours), await due(theirs)];
    await ours.sweeper.sweepOnce();
    await theirs.sweeper.sweepOnce();
    t.deepEqual([await ours.statusOf(our), await theirs.statusOf(their)], ['expired', 'expired']);
    const second = await due(ours);
    const other = ours.sweeperOf([ours.world.code], 'another worker');
    await other.sweepOnce();
    t.is(await ours.statusOf(second), 'queued');
    await ours.sweeper.stop();
    await other.sweepOnce();
    t.is(await ours.statusOf(second), 'expired');
    await other.stop();
  });
}
