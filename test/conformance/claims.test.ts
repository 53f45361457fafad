import test, { type ExecutionContext } from 'ava';
import { Worker } from 'bullmq';
import type { Outcome } from '../../shared/ports.ts';
import { QUEUE_NAME, queuePrefix } from '../../shared/redis/work-queue.ts';
import { startFileRedis } from '../support/file-redis.ts';
import { createClaimWorld } from './claim-world.ts';

const connection = await startFileRedis(test);

async function startWorld(t: ExecutionContext) {
  const { world, bull, take, finish } = createClaimWorld(connection);
  t.teardown(() => bull.close());
  /** What BullMQ has of a run; undefined where it does not know it. */
  async function seen(run: string) {
    const key = `${world.prefix}jobs:${run}`;
    const {
      processedOn,
      timestamp,
      priority,
      ats: _starts,
      opts: _opts,
      ...rest
    } = await connection.hgetall(key);
    if (!timestamp) return undefined;
    t.true(Number(processedOn) > 0 && Number(priority) > 0);
    const active = await connection.lpos(`${world.prefix}jobs:active`, run);
    return {
      ...rest,
      active,
      lock: await connection.get(`${key}:lock`),
      lockMs: await connection.pttl(`${key}:lock`),
    };
  }
  const keysOfQueue = async () =>
    (await world.keys())
      .filter((key) => key.startsWith('jobs:') && !/^jobs:(events|meta|id|marker)$/.test(key))
      .toSorted();
  return { world, bull, take, finish, seen, keysOfQueue };
}

test('a run that is claimed is to BullMQ what one is that its own script took', async (t) => {
  const { world, bull, take, seen } = await startWorld(t);
  const own = new Worker(QUEUE_NAME, undefined, {
    prefix: queuePrefix(world.code),
    connection,
    autorun: false,
    skipVersionCheck: true,
    name: 'worker',
  });
  t.teardown(() => own.close());
  const first = await bull.submit();
  const second = await bull.submit();
  t.is((await own.getNextJob('a lock', { block: false }))?.id, first);
  t.is((await take()).run, second);
  const [theirs, ours] = [await seen(first), await seen(second)];
  t.true(Math.abs(Number(theirs?.lockMs) - Number(ours?.lockMs)) < 5000);
  t.deepEqual({ ...ours, lockMs: 0, active: 0 }, { ...theirs, lockMs: 0, active: 0 });
  t.is(ours?.active, 0, 'the newest is in front');
});

test('a run is started as it is claimed, and when it ends BullMQ has nothing of it left', async (t) => {
  const { world, bull, take, finish, keysOfQueue } = await startWorld(t);
  const [first, second] = [await bull.submit(), await bull.submit()];
  const claim = await take();
  t.like(claim, { run: first, started: { run: first, jobId: first, attempt: 1 } });
  t.is(await world.status(first), 'running');
  t.is(await world.status(second), 'queued');
  const { settlement, isForgotten, next } = await finish(claim);
  t.deepEqual({ settlement, isForgotten }, { settlement: { kind: 'settled', owed: [] }, isForgotten: true });
  t.is(await world.status(first), 'succeeded');
  t.like(next, { run: second, started: { run: second } });
  t.is(await world.status(second), 'running');
  const last = await finish(next);
  t.like(last.next, { run: undefined, started: undefined, pauseMs: 0, dueAt: 0 });
  t.deepEqual(await keysOfQueue(), []);
});

test('stalled runs come first, and then by priority, as BullMQ has them', async (t) => {
  const { world, bull, take } = await startWorld(t);
  const ids = [
    await bull.submit({ priority: 'low' }),
    await bull.submit({ priority: 'high' }),
    await bull.submit(),
  ];
  const stalled = await bull.submit({ priority: 'low' });
  await connection.zrem(`${world.prefix}jobs:prioritized`, stalled);
  await connection.rpush(`${world.prefix}jobs:wait`, stalled);
  const taken: (string | undefined)[] = [];
  for (let claim = await take(); claim.run !== undefined; claim = await take()) taken.push(claim.run);
  t.deepEqual(taken, [stalled, ids[1], ids[2], ids[0]]);
});

test('who sleeps is woken by a claim where there is more, and only there', async (t) => {
  const { world, bull, take } = await startWorld(t);
  const marker = `${world.prefix}jobs:marker`;
  await bull.submit();
  await bull.submit();
  await connection.del(marker);
  await take();
  t.is(await connection.zcard(marker), 1);
  await connection.del(marker);
  await take();
  t.is(await connection.zcard(marker), 0);
});

test('who claims the last one is told so, be it that no delayed one is behind it either', async (t) => {
  const { bull, take, finish } = await startWorld(t);
  await bull.submit();
  await bull.submit();
  const first = await take();
  t.false(first.isLast);
  const { next } = await finish(first);
  t.true(next?.isLast);
  await bull.submit();
  await bull.submit({ delay: 60 });
  t.false((await take()).isLast, 'the worker is to learn when the delayed one is due');
});

test('who fills the model is not told that it has the last one: nobody would tell of the next', async (t) => {
  const { world, bull, take } = await startWorld(t);
  await connection.hset(`${world.prefix}jobs:meta`, 'concurrency', 2);
  await bull.submit();
  t.true((await take()).isLast);
  await bull.submit();
  t.false((await take()).isLast);
});

test('a full model tells when the delayed one is due all the same', async (t) => {
  const { world, bull, take } = await startWorld(t);
  await connection.hset(`${world.prefix}jobs:meta`, 'concurrency', 1);
  await bull.submit();
  await take();
  await bull.submit({ delay: 60 });
  t.true((await take()).dueAt > Date.now());
});

test('nothing is claimed while the queue is paused, or as many run as may', async (t) => {
  const { world, bull, take, finish } = await startWorld(t);
  const [first, second] = [await bull.submit(), await bull.submit()];
  await bull.queue.pause(world.code, true);
  t.is((await take()).run, undefined);
  await bull.queue.pause(world.code, false);
  await connection.hset(`${world.prefix}jobs:meta`, 'concurrency', 1);
  const claim = await take();
  t.is(claim.run, first);
  t.is((await take()).run, undefined);
  t.is((await finish(claim)).next?.run, second, 'its place is free for the next one');
});

test('a rate holds claims back until its window is over', async (t) => {
  const { world, bull, take } = await startWorld(t);
  await bull.submit();
  await bull.submit();
  await connection.hset(`${world.prefix}jobs:meta`, 'max', 1, 'duration', 5000);
  t.not((await take()).run, undefined);
  const held = await take();
  t.is(held.run, undefined);
  t.true(held.pauseMs > 1000 && held.pauseMs <= 5000, String(held.pauseMs));
});

test('a delayed run is claimed when it is due, and a worker is told when that is', async (t) => {
  const { world, bull, take } = await startWorld(t);
  const before = Date.now();
  const id = await bull.submit({ delay: 0.3 });
  const early = await take();
  t.is(early.run, undefined);
  t.true(early.dueAt >= before + 300 && early.dueAt < before + 5000, String(early.dueAt - before));
  await new Promise((resolve) => setTimeout(resolve, early.dueAt - Date.now() + 50));
  t.like(await take(), { run: id, started: { run: id } });
  t.is(await connection.hget(`${world.prefix}jobs:${id}`, 'delay'), '0');
});

test('a run that is put back stays with BullMQ, and no other is taken for it', async (t) => {
  const { bull, take, finish, seen } = await startWorld(t);
  const first = await bull.submit();
  await bull.submit();
  const claim = await take();
  const outcome: Outcome = { kind: 'putback', attempt: '[1,0,1,"succeeded"]', counts: true };
  t.deepEqual(await finish(claim, { outcome }), {
    settlement: { kind: 'queued' },
    isForgotten: false,
    next: undefined,
  });
  t.like(await seen(first), { lock: 'a lock' });
});

test('where the lock is lost the run is settled all the same, and BullMQ is left to say that it is lost', async (t) => {
  const { world, bull, take, finish, seen } = await startWorld(t);
  const first = await bull.submit();
  await bull.submit();
  const claim = await take();
  await connection.set(`${world.prefix}jobs:${first}:lock`, 'of another');
  t.like(await finish(claim), { settlement: { kind: 'settled' }, isForgotten: false, next: undefined });
  t.is(await world.status(first), 'succeeded');
  t.like(await seen(first), { lock: 'of another' });
});

test('who comes too late to settle is refused, and goes on with the next one', async (t) => {
  const { world, bull, take, finish, seen } = await startWorld(t);
  const [first, second] = [await bull.submit(), await bull.submit()];
  const claim = await take();
  await world.store.leave(first, 'canceled');
  t.like(await finish(claim), { settlement: { kind: 'stale' }, isForgotten: true, next: { run: second } });
  t.is(await seen(first), undefined);
  t.is(await world.status(first), 'canceled');
});

test('no other run is taken while a webhook is owed, or when the worker takes no more', async (t) => {
  const { bull, take, finish, seen } = await startWorld(t);
  const webhook = { url: 'https://client.example/', events: ['succeeded'] as const };
  const first = await bull.submit({ webhook: { ...webhook, events: [...webhook.events] } });
  await bull.submit();
  await bull.submit();
  t.deepEqual(await finish(await take()), {
    settlement: { kind: 'settled', owed: [first] },
    isForgotten: true,
    next: undefined,
  });
  t.is(await seen(first), undefined);
  t.is((await finish(await take(), { takesNext: false })).next, undefined);
});

test('a run is only claimed where its worker may not start it now', async (t) => {
  const { world, bull, take } = await startWorld(t);
  const id = await bull.submit();
  t.like(await take({ starts: false }), { run: id, started: undefined, pauseMs: 0, dueAt: 0 });
  t.is(await world.status(id), 'queued');
  t.like(await world.store.startAmongOthers(id, 'worker'), { run: id });
});

test('one that killed its workers, or that nobody waits for, is told as such', async (t) => {
  const { world, bull, take } = await startWorld(t);
  const id = await bull.submit();
  await world.start(id);
  await world.start(id);
  t.like(await take(), { run: id, started: 'alone' });
  const left = await bull.submit();
  await world.store.leave(left, 'canceled');
  t.like(await take(), { run: left, started: 'ended' });
});

test('a record that cannot be started fails whoever has it, not the claim', async (t) => {
  const { world, bull, take } = await startWorld(t);
  const id = await bull.submit();
  await connection.del(`${world.prefix}run:${id}`);
  await connection.set(`${world.prefix}run:${id}`, 'no hash');
  t.like(await take(), { run: id, started: undefined });
  await t.throwsAsync(world.store.startAmongOthers(id, 'worker'), { message: /WRONGTYPE/ });
});

test('inputs that are large are not answered all at once', async (t) => {
  const world = createClaimWorld(connection);
  t.teardown(() => world.bull.close());
  for (let at = 0; at < 4; at++) await world.bull.submit();
  const large = 'x'.repeat(200_000);
  for (let at = 0; at < 4; at++) await world.bull.submit({ input: large, mode: 'bypass' });
  const finishes = await Promise.all((await world.takeAll(4)).map((claim) => world.finish(claim)));
  t.deepEqual(
    finishes.map(({ next }) => next?.started !== undefined),
    [true, true, false, false],
  );
  // Whoever has one that is not started starts it by itself.
  for (const { next } of finishes.slice(2)) {
    const run = await world.world.store.startAmongOthers(next?.run ?? '', 'worker');
    t.like(run, { input: JSON.stringify(large), attempt: 1 });
  }
});
