import test, { type ExecutionContext } from 'ava';
import type { Outcome } from '../../shared/ports.ts';
import { startFileRedis } from '../support/file-redis.ts';
import { createClaimWorld, type ClaimWorld } from './claim-world.ts';

const connection = await startFileRedis(test);

const FAILED = { error: '{"error_type":"model_error"}', attempt: '[1,0,1,"succeeded"]' };
const PUT_BACK: Outcome = { kind: 'putback', attempt: '[1,0,1,"succeeded"]', counts: true };

function startWorld(t: ExecutionContext, more = ''): ClaimWorld & { key: (name: string) => string } {
  const world = createClaimWorld(connection, more);
  t.teardown(() => world.bull.close());
  return { ...world, key: (name) => world.world.prefix + name };
}

async function submitAll(world: ClaimWorld, count: number, tenants = ['acme']): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count)
    ids.push(await world.bull.submit({ tenant: tenants[ids.length % tenants.length] ?? '' }));
  return ids;
}

const runsOf = (finishes: { next: { run: string | undefined } | undefined }[]) =>
  finishes.map(({ next }) => next?.run);

test.serial('ends of one turn are one script, those of other turns and models others', async (t) => {
  const [one, other] = [startWorld(t), startWorld(t)];
  await submitAll(one, 4);
  await submitAll(other, 1);
  const [first, second, third, fourth] = await one.takeAll(4);
  const others = await other.take();
  // The first is sent with the script's text.
  await one.finish(first);
  const before = await scriptsRun();
  await Promise.all([one.finish(second), one.finish(third), other.finish(others)]);
  await one.finish(fourth);
  t.is((await scriptsRun()) - before, 3);
});

test('runs that end together are settled and forgotten, and each worker has the next one', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 6, ['acme', 'umbrella', 'initech']);
  const claims = await world.takeAll(3);
  const finishes = await Promise.all(claims.map((claim) => world.finish(claim)));
  t.deepEqual(runsOf(finishes), ids.slice(3));
  for (const { settlement, isForgotten, next } of finishes) {
    t.deepEqual(settlement, { kind: 'settled', owed: [] });
    t.true(isForgotten);
    t.like(next, { started: { run: next?.run, attempt: 1 } });
  }
  for (const id of ids.slice(0, 3)) t.is(await world.world.status(id), 'succeeded');
  for (const id of ids.slice(3)) t.is(await world.world.status(id), 'running');
  const state = await connection.hgetall(world.key('state'));
  t.deepEqual(
    Object.keys(state).filter((field) => /^(\*|t:)/.test(field)),
    [],
  );
  t.true(Math.abs(Number(state['rate']) - 6) < 0.1, `${state['rate']} starts`);
  const last = await Promise.all(finishes.map(({ next }) => world.finish(next)));
  t.deepEqual(runsOf(last), [undefined, undefined, undefined]);
  const left = (await world.world.traces()).filter((key) => !/^jobs:(events|meta|id|marker)$/.test(key));
  t.deepEqual(left, []);
});

test('what is queued is counted down for each tenant of those that start together', async (t) => {
  const world = startWorld(t);
  await submitAll(world, 9, ['acme', 'acme', 'umbrella']);
  const claims = await world.takeAll(3);
  await Promise.all(claims.map((claim) => world.finish(claim)));
  const state = await connection.hgetall(world.key('state'));
  // By fair shares those of umbrella are among the first six.
  t.like(state, { '*': '3', 't:acme': '3', 't:umbrella': undefined });
});

test('each end has its own outcome, whatever the others have', async (t) => {
  const world = startWorld(t);
  const { world: jobs, bull } = world;
  const [done, late, back, over] = [
    await bull.submit(),
    await bull.submit(),
    await bull.submit(),
    await bull.submit({ input: 'shared' }),
  ];
  const claims = await world.takeAll(4);
  const { id: heir } = await jobs.submit({ input: 'shared' });
  const following = await submitAll(world, 4);
  await jobs.store.leave(late, 'canceled');
  const finishes = await Promise.all(
    [undefined, undefined, PUT_BACK, { kind: 'handover', ...FAILED } as const].map((outcome, index) =>
      world.finish(claims[index], outcome && { outcome }),
    ),
  );
  t.like(finishes[0], {
    settlement: { kind: 'settled', owed: [] },
    isForgotten: true,
    next: { run: following[0] },
  });
  t.like(finishes[1], { settlement: { kind: 'stale' }, isForgotten: true, next: { run: following[1] } });
  t.deepEqual(finishes[2], { settlement: { kind: 'queued' }, isForgotten: false, next: undefined });
  t.like(finishes[3], { settlement: { kind: 'handover', run: heir }, isForgotten: true, next: undefined });
  for (const [id, status] of [
    [done, 'succeeded'],
    [late, 'canceled'],
    [back, 'queued'],
    [over, 'failed'],
    [heir, 'queued'],
  ] as const)
    t.is(await jobs.status(id), status);
  t.like(await connection.hgetall(world.key('state')), { '*': '4' });
});

test('one end that cannot be written fails alone', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 6);
  const claims = await world.takeAll(3);
  await connection.del(world.key(`data:${ids[1]}`));
  await connection.set(world.key(`data:${ids[1]}`), 'no hash');
  const [first, second, third] = await Promise.allSettled(claims.map((claim) => world.finish(claim)));
  t.like(first, { status: 'fulfilled', value: { isForgotten: true, next: { run: ids[3] } } });
  t.like(second, { status: 'rejected' });
  t.regex(String(second?.status === 'rejected' && second.reason), /WRONGTYPE/);
  t.like(third, { status: 'fulfilled', value: { isForgotten: true, next: { run: ids[4] } } });
  t.is(await connection.hget(world.key(`job:${ids[1]}`), 'status'), 'running');
  t.is(await connection.get(world.key(`jobs:${ids[1]}:lock`)), 'a lock');
});

test('where no end can be written each of them fails', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 2);
  const claims = await world.takeAll(2);
  for (const id of ids) {
    await connection.del(world.key(`data:${id}`));
    await connection.set(world.key(`data:${id}`), 'no hash');
  }
  const ends = await Promise.allSettled(claims.map((claim) => world.finish(claim)));
  for (const end of ends) t.regex(String(end.status === 'rejected' && end.reason), /WRONGTYPE/);
});

test('a run that cannot be started is claimed all the same, and the others start', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 4);
  const claims = await world.takeAll(2);
  await connection.set(world.key(`run:${ids[2]}`), 'no hash');
  const finishes = await Promise.all(claims.map((claim) => world.finish(claim)));
  t.like(finishes[0]?.next, { run: ids[2], started: undefined });
  t.like(finishes[1]?.next, { run: ids[3], started: { run: ids[3] } });
  t.like(await connection.hgetall(world.key('state')), { '*': '1', 't:acme': '1' });
});

test('only who may start a run at once does, and who takes none gets none', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 6);
  const claims = await world.takeAll(3);
  const finishes = await Promise.all([
    world.finish(claims[0], { starts: false }),
    world.finish(claims[1], { takesNext: false }),
    world.finish(claims[2]),
  ]);
  t.like(finishes[0]?.next, { run: ids[3], started: undefined });
  t.is(finishes[1]?.next, undefined);
  t.like(finishes[2]?.next, { run: ids[4], started: { run: ids[4] } });
  t.is(await world.world.status(ids[3] ?? ''), 'queued');
});

test('each run is claimed with the lock token of its own worker, and whoever has lost its lock takes none', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 5);
  const claims = [
    await world.take({ token: 'a' }),
    await world.take({ token: 'b' }),
    await world.take({ token: 'c' }),
  ];
  await connection.set(world.key(`jobs:${ids[1]}:lock`), 'of another');
  const finishes = await Promise.all(
    claims.map((claim, index) => world.finish(claim, { token: 'abc'.charAt(index) })),
  );
  t.deepEqual(runsOf(finishes), [ids[3], undefined, ids[4]]);
  t.like(finishes[1], { settlement: { kind: 'settled' }, isForgotten: false });
  t.is(await connection.get(world.key(`jobs:${ids[3]}:lock`)), 'a');
  t.is(await connection.get(world.key(`jobs:${ids[1]}:lock`)), 'of another');
  t.is(await connection.get(world.key(`jobs:${ids[4]}:lock`)), 'c');
});

test('a rate holds for all that are claimed together', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 8);
  const claims = await world.takeAll(3);
  await connection.hset(world.key('jobs:meta'), 'max', 2, 'duration', 5000);
  const finishes = await Promise.all(claims.map((claim) => world.finish(claim)));
  t.deepEqual(runsOf(finishes), [ids[3], ids[4], undefined]);
  const pause = finishes[2]?.next?.pauseMs ?? 0;
  t.true(pause > 1000 && pause <= 5000, String(pause));
  t.is(await connection.get(world.key('jobs:limiter')), '2');
  const held = await Promise.all(finishes.slice(0, 2).map(({ next }) => world.finish(next)));
  t.deepEqual(runsOf(held), [undefined, undefined]);
  t.is(await connection.get(world.key('jobs:limiter')), '2');
});

test('no more run at once than may, where several are claimed together', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 8);
  const claims = await world.takeAll(4);
  await connection.hset(world.key('jobs:meta'), 'concurrency', 3);
  const finishes = await Promise.all(claims.slice(0, 3).map((claim) => world.finish(claim)));
  t.deepEqual(runsOf(finishes), [ids[4], ids[5], undefined]);
  t.like(finishes[2]?.next, { run: undefined, started: undefined, pauseMs: 0, dueAt: 0 });
  t.is(await connection.llen(world.key('jobs:active')), 3);
});

test('stalled runs come first, then those that wait, and who gets none hears when the next is due', async (t) => {
  const world = startWorld(t);
  const ids = await submitAll(world, 5);
  const before = Date.now();
  await world.bull.submit({ delay: 60 });
  const claims = await world.takeAll(3);
  await connection.zrem(world.key('jobs:prioritized'), ids[4] ?? '');
  await connection.rpush(world.key('jobs:wait'), ids[4] ?? '');
  const finishes = await Promise.all(claims.map((claim) => world.finish(claim)));
  t.deepEqual(runsOf(finishes), [ids[4], ids[3], undefined]);
  const due = finishes[2]?.next?.dueAt ?? 0;
  t.true(due >= before + 60_000 && due < before + 70_000, String(due - before));
});

test('the usage of a day has each end once', async (t) => {
  const world = startWorld(t);
  await submitAll(world, 7, ['acme', 'umbrella']);
  const claims = await world.takeAll(7);
  const outcomes: (Outcome | undefined)[] = [
    undefined,
    undefined,
    { kind: 'failed', ...FAILED },
    undefined,
    { kind: 'failed', ...FAILED },
    undefined,
    undefined,
  ];
  await Promise.all(claims.map((claim, index) => world.finish(claim, { ...of(outcomes[index]) })));
  const usage = async (tenant: string) => {
    const [key = ''] = (await world.world.keys()).filter((name) => name.startsWith(`usage:${tenant}:`));
    t.true((await connection.pttl(world.key(key))) > 399 * 86_400_000);
    const fields = Object.entries(await connection.hgetall(world.key(key)));
    return Object.fromEntries(fields.map(([field, count]) => [field.replace(/^\d+:/, ''), count]));
  };
  t.deepEqual(await usage('acme'), { succeeded: '2', failed: '2', 'error:model_error': '2' });
  t.deepEqual(await usage('umbrella'), { succeeded: '3' });
});

test('a job whose ttl ran out is not started, and the others are', async (t) => {
  const world = startWorld(t);
  const [first, second] = await submitAll(world, 2);
  const claims = await world.takeAll(2);
  const old = await world.bull.submit({ ttl: 1000 });
  const young = await world.bull.submit();
  await world.world.runOut(old);
  const finishes = await Promise.all(claims.map((claim) => world.finish(claim)));
  t.like(finishes[0]?.next, { run: old, started: 'ended' });
  t.like(finishes[1]?.next, { run: young, started: { run: young } });
  t.is(await world.world.status(old), 'expired');
  t.deepEqual(await connection.zrange(world.key('runs'), '0', '-1'), [young]);
  for (const id of [first, second]) t.is(await world.world.status(id ?? ''), 'succeeded');
});

test('of two who have one run only the one that holds it ends it', async (t) => {
  const world = startWorld(t);
  const [id = ''] = await submitAll(world, 1);
  const early = await world.take();
  const late = { ...early, started: await world.world.start(id) };
  await connection.set(world.key(`jobs:${id}:lock`), 'of the other');
  const [refused, settled] = await Promise.all([
    world.finish(early),
    world.finish(late, { token: 'of the other' }),
  ]);
  t.like(refused, { settlement: { kind: 'stale' }, isForgotten: false, next: undefined });
  t.like(settled, { settlement: { kind: 'settled' }, isForgotten: true, next: { run: undefined } });
  t.deepEqual(await connection.keys(world.key('run:*')), []);
});

function of(outcome: Outcome | undefined): { outcome?: Outcome } {
  return outcome ? { outcome } : {};
}

async function scriptsRun(): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await connection.info('commandstats'))?.[1]);
}
