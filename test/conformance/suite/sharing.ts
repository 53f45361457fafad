import type { Suite } from './suite.ts';

export const sharing: Suite = (test, newWorld) => {
  test('identical jobs share a run and all get its result', async (t) => {
    const world = newWorld();
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
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1 });
    const run = await world.start(leader.id);
    t.like(await world.store.leave(leader.id, 'canceled'), {
      kind: 'left',
      job: { run: leader.id },
      abandoned: false,
      was: 'running',
    });
    await world.succeed(run, 'kept');
    t.is(await world.status(leader.id), 'canceled');
    t.is((await world.read(follower.id)).output, '"kept"');
    t.deepEqual(await world.traces(), []);
  });

  test('a job that left its run has no part in the output that others get', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    await world.submit({ input: 1 });
    await world.store.leave(leader.id, 'canceled');
    await world.succeed(await world.start(leader.id), 'not for you');
    t.like(await world.read(leader.id), { status: 'canceled', output: null, dataRemoved: false });
  });

  test('a run loses its token with the last job that waits for it', async (t) => {
    const world = newWorld();
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

  test('who joined a run whose owner failed goes on with attempts of their own, the first of them ahead', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const heir = await world.submit({ input: 1 });
    const third = await world.submit({ input: 1 });
    const handover = await world.fail(await world.start(leader.id), 'handover');
    t.like(handover, { kind: 'handover', run: heir.id });
    t.is(await world.status(leader.id), 'failed');
    t.is(await world.status(heir.id), 'queued');
    const joined = await world.submit({ input: 1 });
    t.is(joined.admission.kind, 'joined');
    await world.succeed(await world.start(heir.id), 'second try');
    for (const { id } of [heir, third, joined]) t.is((await world.read(id)).output, '"second try"');
    t.is((await world.read(leader.id)).output, null);
    t.deepEqual(await world.traces(), []);
  });

  test('a failure that nobody else shares is a plain one', async (t) => {
    const world = newWorld();
    const { id } = await world.submit();
    t.deepEqual(await world.fail(await world.start(id), 'handover'), { kind: 'settled', owed: [] });
    t.is(await world.status(id), 'failed');
    t.deepEqual(await world.traces(), []);
  });

  test('a run that its owner left and has run again elsewhere still ends for the others, and takes its traces along', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1 });
    await world.store.leave(leader.id, 'canceled');
    t.like(await world.retry(leader.id), { kind: 'queued', job: { run: `${leader.id}~1` } });
    await world.succeed(await world.start(leader.id), 'for the follower');
    t.is((await world.read(follower.id)).output, '"for the follower"');
    t.is((await world.submit({ input: 1 })).admission.kind, 'hit');
    await world.store.leave(leader.id, 'canceled');
    t.deepEqual(await world.traces(), []);
  });

  test('a job that comes after such a run has ended is not left behind on it', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    await world.submit({ input: 1 });
    await world.store.leave(leader.id, 'canceled');
    await world.retry(leader.id);
    await world.fail(await world.start(leader.id));
    const late = await world.submit({ input: 1 });
    t.is(late.admission.kind, 'queued');
    await world.succeed(await world.start(late.id), 'answered');
    t.is((await world.read(late.id)).output, '"answered"');
  });

  test('a run goes on for those who joined when the record of its owner is forgotten', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const follower = await world.submit({ input: 1 });
    await world.store.leave(leader.id, 'canceled');
    await world.connection.del(`${world.prefix}job:${leader.id}`);
    const run = await world.start(leader.id);
    t.like(run, { jobId: follower.id, input: '1' });
    await world.succeed(run, 'kept');
    t.is((await world.read(follower.id)).output, '"kept"');
    t.deepEqual(await world.traces(), []);
  });

  test('a worker gets the job for which it works: its own tenant, metadata and timeout', async (t) => {
    const world = newWorld(', cache: {scope: shared}');
    const leader = await world.submit({ input: 1, tenant: 'a', timeout: 1 });
    const follower = await world.submit({ input: 1, tenant: 'b', timeout: 9 });
    await world.store.leave(leader.id, 'canceled');
    const run = await world.start(leader.id);
    t.deepEqual([run.jobId, run.tenant, run.spec.timeout], [follower.id, 'b', 9]);
  });

  test('a delayed job is one that others can join as soon as it runs', async (t) => {
    const world = newWorld();
    const delayed = await world.submit({ input: 1, delay: 0.001 });
    await world.start(delayed.id);
    t.like((await world.submit({ input: 1 })).admission, { kind: 'joined', run: delayed.id });
  });

  test('one run answers a thousand others at most; the next is a run of its own', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    await Promise.all(Array.from({ length: 1000 }, () => world.submit({ input: 1 })));
    const next = await world.submit({ input: 1 });
    t.is(next.admission.kind, 'queued');
    const run = await world.start(leader.id);
    const begun = performance.now();
    await world.succeed(run);
    t.log(`settling 1,001 jobs took ${Math.round(performance.now() - begun)} ms`);
    await world.succeed(await world.start(next.id));
    t.deepEqual(await world.traces(), []);
  });

  test('a job whose place was taken by a newer one is joined again once it starts alone', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1 });
    const newer = await world.submit({ input: 1, mode: 'refresh' });
    await world.fail(await world.start(newer.id));
    await world.start(first.id);
    t.is((await world.submit({ input: 1 })).admission.kind, 'joined');
  });
};
