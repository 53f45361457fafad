import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobWorld } from '../support/job-world.ts';

const redis = await startTemporaryRedis();
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

test('a job goes from queued over running to succeeded and leaves no trace in the indexes', async (t) => {
  const world = createJobWorld(connection);
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
  const world = createJobWorld(connection);
  const { id } = await world.submit({ input: 1 });
  t.is((await world.submit({ id, input: 1 })).admission.kind, 'exists');
  await world.succeed(await world.start(id));
  t.deepEqual(await world.traces(), []);
});

test('an ended job is answered from the cache, with an id of its own', async (t) => {
  const world = createJobWorld(connection);
  const first = await world.submit({ input: { a: 1, b: 2 } });
  await world.succeed(await world.start(first.id), 'yes');
  const second = await world.submit({ input: { b: 2, a: 1.0 } });
  t.is(second.admission.kind, 'hit');
  const job = await world.read(second.id);
  t.deepEqual([job.status, job.output, job.cache], ['succeeded', '"yes"', 'hit']);
  t.not(second.id, first.id);
});

test('another tenant has no part in the cache', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit({ input: 1, tenant: 'acme' });
  await world.succeed(await world.start(id));
  t.is((await world.submit({ input: 1, tenant: 'other' })).admission.kind, 'queued');
});

test('another tenant has its part in the cache of a model whose scope is shared', async (t) => {
  const world = createJobWorld(connection, ', cache: {scope: shared}');
  const { id } = await world.submit({ input: 1, tenant: 'acme' });
  await world.succeed(await world.start(id));
  t.is((await world.submit({ input: 1, tenant: 'other' })).admission.kind, 'hit');
});

test('refresh asks the model again and renews the cache; bypass leaves it alone', async (t) => {
  const world = createJobWorld(connection);
  const first = await world.submit({ input: 1 });
  await world.succeed(await world.start(first.id), 'old');
  const fresh = await world.submit({ input: 1, mode: 'refresh' });
  t.is(fresh.admission.kind, 'queued');
  await world.succeed(await world.start(fresh.id), 'new');
  const apart = await world.submit({ input: 1, mode: 'bypass' });
  await world.settle(await world.start(apart.id), { kind: 'succeeded', output: '"apart"', attempt: '', cacheTtlMs: 0 });
  t.is((await world.read((await world.submit({ input: 1 })).id)).output, '"new"');
  t.is((await world.read(apart.id)).cache, 'bypass');
});

test('identical jobs share a run and all get its result', async (t) => {
  const world = createJobWorld(connection);
  const leader = await world.submit({ input: 1 });
  const queued = await world.submit({ input: 1 });
  const run = await world.start(leader.id);
  const running = await world.submit({ input: 1 });
  t.deepEqual([queued.admission.kind, running.admission.kind], ['joined', 'joined']);
  t.is(await world.status(running.id), 'running');
  await world.succeed(run, 'shared');
  for (const { id } of [leader, queued, running]) t.is((await world.read(id)).output, '"shared"');
  t.is((await world.read(queued.id)).cache, 'coalesced');
  t.deepEqual(await world.traces(), []);
});

test('canceling the owner of a run leaves those who joined it', async (t) => {
  const world = createJobWorld(connection);
  const leader = await world.submit({ input: 1 });
  const follower = await world.submit({ input: 1 });
  const run = await world.start(leader.id);
  t.deepEqual(await world.store.leave(leader.id, 'canceled'), {
    kind: 'left',
    run: leader.id,
    abandoned: false,
    was: 'running',
  });
  await world.succeed(run, 'kept');
  t.is(await world.status(leader.id), 'canceled');
  t.is((await world.read(follower.id)).output, '"kept"');
  t.deepEqual(await world.traces(), []);
});

test('a run loses its token with the last job that waits for it', async (t) => {
  const world = createJobWorld(connection);
  const leader = await world.submit({ input: 1 });
  const follower = await world.submit({ input: 1 });
  const run = await world.start(leader.id);
  await world.store.leave(leader.id, 'canceled');
  const last = await world.store.leave(follower.id, 'canceled');
  t.like(last, { kind: 'left', abandoned: true });
  t.deepEqual(await world.succeed(run), { kind: 'stale' });
  t.is((await world.read(follower.id)).output, null);
  t.deepEqual(await world.traces(), []);
});

test('canceling a job twice is harmless, canceling an ended one changes nothing', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit();
  await world.store.leave(id, 'canceled');
  t.deepEqual(await world.store.leave(id, 'canceled'), { kind: 'ended', status: 'canceled' });
  const other = await world.submit();
  await world.succeed(await world.start(other.id));
  t.deepEqual(await world.store.leave(other.id, 'canceled'), { kind: 'ended', status: 'succeeded' });
  t.is(await world.store.start(id, 'worker'), undefined);
  t.deepEqual(await world.traces(), []);
});

test('a worker that comes back from the dead cannot settle, put back or append', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit();
  const dead = await world.start(id);
  const alive = await world.start(id);
  t.deepEqual(await world.succeed(dead, 'late'), { kind: 'stale' });
  t.deepEqual(await world.putBack(dead), { kind: 'stale' });
  t.false(await world.store.append(id, dead.token, [{ kind: 'progress', data: '{}' }]));
  await world.succeed(alive, 'right');
  t.deepEqual(await world.fail(alive), { kind: 'stale' });
  t.is((await world.read(id)).output, '"right"');
});

test('an attempt that is put back counts or not, as its worker says', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit();
  await world.putBack(await world.start(id), true);
  t.is(await world.status(id), 'queued');
  await world.putBack(await world.start(id), false);
  const third = await world.start(id);
  t.deepEqual([third.attempt, third.spent, third.token], [3, 1, 3]);
  await world.fail(third);
  t.is(await world.status(id), 'failed');
  t.deepEqual(await world.traces(), []);
});

test('a job past its ttl is expired at its start and the model is not called', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit({ ttl: 0.02 });
  await sleep(40);
  t.is(await world.store.start(id, 'worker'), undefined);
  t.is(await world.status(id), 'expired');
  t.deepEqual(await world.traces(), []);
});

test('a ttl runs until the first start, not after a retry', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit({ ttl: 0.05 });
  await world.putBack(await world.start(id));
  await sleep(80);
  t.deepEqual(await world.store.leave(id, 'expired'), { kind: 'not due' });
  await world.succeed(await world.start(id));
  t.is(await world.status(id), 'succeeded');
});

test('a job that joined expires by its own ttl and the run goes on', async (t) => {
  const world = createJobWorld(connection);
  const leader = await world.submit({ input: 1 });
  const follower = await world.submit({ input: 1, ttl: 0.02 });
  await sleep(40);
  const run = await world.start(leader.id);
  t.is(await world.status(follower.id), 'expired');
  await world.succeed(run);
  t.is(await world.status(leader.id), 'succeeded');
  t.deepEqual(await world.traces(), []);
});

test('who joined a run whose owner failed goes on with attempts of their own', async (t) => {
  const world = createJobWorld(connection);
  const leader = await world.submit({ input: 1 });
  const heir = await world.submit({ input: 1 });
  const third = await world.submit({ input: 1 });
  const handover = await world.fail(await world.start(leader.id), 'handover');
  t.like(handover, { kind: 'handover' });
  if (handover.kind !== 'handover') return;
  t.true([heir.id, third.id].includes(handover.run));
  t.is(await world.status(leader.id), 'failed');
  t.is(await world.status(heir.id), 'queued');
  const joined = await world.submit({ input: 1 });
  t.is(joined.admission.kind, 'joined');
  await world.succeed(await world.start(handover.run), 'second try');
  for (const { id } of [heir, third, joined]) t.is((await world.read(id)).output, '"second try"');
  t.is((await world.read(leader.id)).output, null);
  t.deepEqual(await world.traces(), []);
});

test('a failure that nobody else shares is a plain one', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit();
  t.deepEqual(await world.fail(await world.start(id), 'handover'), { kind: 'settled', owed: [] });
  t.is(await world.status(id), 'failed');
  t.deepEqual(await world.traces(), []);
});

test('a job can be retried after it failed, was canceled or expired, under the same id', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit({ input: { keep: 'me' } });
  await world.fail(await world.start(id));
  const again = await world.store.retry(await world.read(id), world.model);
  t.like(again, { kind: 'queued', run: `${id}~1` });
  t.like(await world.read(id), { status: 'queued', error: null, endedAt: null, startedAt: null });
  const run = await world.start(`${id}~1`);
  t.is(run.input, '{"keep":"me"}');
  t.is(run.attempt, 2);
  await world.store.leave(id, 'canceled');
  await world.store.retry(await world.read(id), world.model);
  await world.succeed(await world.start(`${id}~2`), 'at last');
  t.is((await world.read(id)).output, '"at last"');
  t.deepEqual(await world.store.retry(await world.read(id), world.model), { kind: 'refused', status: 'succeeded' });
  t.deepEqual(await world.traces(), []);
});

test('the worker of an earlier run cannot touch the job that was retried', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit();
  const old = await world.start(id);
  await world.store.leave(id, 'canceled');
  await world.store.retry(await world.read(id), world.model);
  t.deepEqual(await world.succeed(old, 'late'), { kind: 'stale' });
  t.is(await world.store.start(id, 'worker'), undefined);
  t.is(await world.status(id), 'queued');
});

test('a full tenant and a full model refuse, and say which it is', async (t) => {
  const world = createJobWorld(connection, ', queue: {max_depth: 3, max_depth_per_tenant: 2}');
  await world.submit({ tenant: 'a' });
  const second = await world.submit({ tenant: 'a' });
  t.like((await world.submit({ tenant: 'a' })).admission, { kind: 'full', of: 'tenant', depth: 2 });
  await world.submit({ tenant: 'b' });
  t.like((await world.submit({ tenant: 'c' })).admission, { kind: 'full', of: 'model', depth: 3 });
  await world.start(second.id);
  t.is((await world.submit({ tenant: 'c' })).admission.kind, 'queued');
});

test('a job owes a webhook for the ends that its client chose', async (t) => {
  const world = createJobWorld(connection);
  const webhook = { url: 'https://example.org/hook', events: ['failed'] as const };
  const failing = await world.submit({ webhook });
  t.deepEqual(await world.fail(await world.start(failing.id)), { kind: 'settled', owed: [failing.id] });
  const succeeding = await world.submit({ webhook });
  t.deepEqual(await world.succeed(await world.start(succeeding.id)), { kind: 'settled', owed: [] });
  t.is(await connection.zcard(`${world.prefix}outbox`), 1);
});

test('the data of an ended job goes with its retention, its record stays', async (t) => {
  const world = createJobWorld(connection, ', retention: 1');
  const { id } = await world.submit();
  await world.succeed(await world.start(id));
  t.false((await world.read(id)).dataRemoved);
  await sleep(1100);
  const job = await world.read(id);
  t.deepEqual([job.dataRemoved, job.output, job.status], [true, null, 'succeeded']);
  const days = (await connection.pttl(`${world.prefix}job:${id}`)) / 86_400_000;
  t.true(days > 6.9 && days < 7.1);
});

test('the scripts recover when Redis has forgotten them', async (t) => {
  const world = createJobWorld(connection);
  const { id } = await world.submit();
  await connection.script('FLUSH');
  const run = await world.start(id);
  await connection.script('FLUSH');
  await world.succeed(run);
  t.is(await world.status(id), 'succeeded');
});

test('a flooding tenant is passed by a light one, in the order of their shares', async (t) => {
  const world = createJobWorld(connection);
  const flood: number[] = [];
  for (let at = 0; at < 50; at++) flood.push(await priority(world.submit({ tenant: 'flood' })));
  t.true(flood.every((value, at) => at === 0 || value > (flood[at - 1] ?? 0)));
  const light = await priority(world.submit({ tenant: 'light' }));
  t.true(light <= (flood[1] ?? 0), `${light} comes before all but the first of the flood`);
  const heavy = await priority(world.submit({ tenant: 'weighty', weight: 10 }));
  const next = await priority(world.submit({ tenant: 'weighty', weight: 10 }));
  t.true(next - heavy <= 1, 'ten jobs of weight 10 take the share of one');
  const urgent = await priority(world.submit({ tenant: 'flood', priority: 'high' }));
  t.true(urgent < (flood[0] ?? 0));
});

async function priority(submitted: Promise<{ admission: { kind: string; priority?: number } }>): Promise<number> {
  return (await submitted).admission.priority ?? Number.NaN;
}
