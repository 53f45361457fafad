import type { Suite } from './suite.ts';

/** What holds for submissions that come in one turn of the event loop, which are taken in by one call. */
export const together: Suite = (test, newWorld) => {
  test('of identical jobs that come at once one is queued, and the others join it', async (t) => {
    const world = newWorld();
    const jobs = await Promise.all(Array.from({ length: 5 }, () => world.submit({ input: 1 })));
    t.deepEqual(
      jobs.map(({ admission }) => admission.kind),
      ['queued', 'joined', 'joined', 'joined', 'joined'],
    );
    await world.succeed(await world.start(jobs[0]?.id ?? ''), 'out');
    for (const { id } of jobs) t.like(await world.read(id), { status: 'succeeded', output: '"out"' });
  });

  test('the bounds hold among jobs that come at once', async (t) => {
    const world = newWorld(', queue: {max_depth: 4, max_depth_per_tenant: 3}');
    const jobs = await Promise.all(['a', 'a', 'b', 'a', 'a', 'b'].map((tenant) => world.submit({ tenant })));
    t.deepEqual(
      jobs.map(({ admission }) => (admission.kind === 'full' ? admission.of : admission.kind)),
      ['queued', 'queued', 'queued', 'queued', 'tenant', 'model'],
    );
  });

  test('jobs that come at once have their places in the order in which they came, and as much of the share', async (t) => {
    const [atOnce, oneByOne] = [newWorld(), newWorld()];
    const jobs = await Promise.all(Array.from({ length: 20 }, () => atOnce.submit()));
    for (let at = 0; at < 20; at++) await oneByOne.submit();
    const places = jobs.map(({ admission }) => (admission.kind === 'queued' ? admission.priority : 0));
    t.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    t.true(places.every((place) => place > 0));
    const stateOf = (world: typeof atOnce) => world.connection.hgetall(`${world.prefix}state`);
    t.deepEqual(await stateOf(atOnce), await stateOf(oneByOne));
  });

  test('jobs of several tenants that come at once are to each tenant what they are one by one', async (t) => {
    const [atOnce, oneByOne] = [newWorld(), newWorld()];
    const jobs = ['a', 'b', 'a', 'c', 'b', 'a'].map((tenant, input) => ({
      tenant,
      input,
      weight: tenant === 'b' ? 2 : 1,
    }));
    const together = await Promise.all(jobs.map((job) => atOnce.submit(job)));
    for (const job of jobs) await oneByOne.submit(job);
    for (const [index, { tenant, input }] of jobs.entries()) {
      const { id = '', admission } = together[index] ?? {};
      t.is(admission?.kind, 'queued');
      t.like(await atOnce.read(id), { id, tenant, status: 'queued', input: String(input) });
      t.not(await atOnce.connection.zscore(`${atOnce.prefix}list:${tenant}`, id), null);
    }
    const stateOf = (world: typeof atOnce) => world.connection.hgetall(`${world.prefix}state`);
    t.deepEqual(await stateOf(atOnce), await stateOf(oneByOne));
    // The last of one tenant waits in its own list only.
    t.is(await atOnce.connection.zcard(`${atOnce.prefix}list:a`), 3);
  });

  test('where the cache is shared jobs of several tenants that come at once share a call', async (t) => {
    const world = newWorld(', cache: {ttl: 60, scope: shared}');
    const jobs = await Promise.all(['a', 'b', 'c'].map((tenant) => world.submit({ tenant, input: 1 })));
    t.deepEqual(
      jobs.map(({ admission }) => admission.kind),
      ['queued', 'joined', 'joined'],
    );
    await world.succeed(await world.start(jobs[0]?.id ?? ''), 'out');
    const hits = await Promise.all(['c', 'd'].map((tenant) => world.submit({ tenant, input: 1 })));
    for (const { admission } of hits) t.like(admission, { kind: 'hit', output: '"out"' });
  });

  test('what goes wrong with what a tenant has keeps no other tenant', async (t) => {
    const world = newWorld();
    await world.connection.set(`${world.prefix}list:broken`, 'no list');
    const [first, bad, last] = await Promise.allSettled(
      ['a', 'broken', 'c'].map((tenant) => world.submit({ tenant })),
    );
    t.regex(String(bad?.status === 'rejected' && bad.reason), /WRONGTYPE/);
    for (const one of [first, last])
      t.like(one, { status: 'fulfilled', value: { admission: { kind: 'queued' } } });
  });

  test('whoever takes a run along does not pass those who came before, in the same turn', async (t) => {
    const world = newWorld();
    const job = (input: number, priority: 'low' | 'high') =>
      world.submit({ input, priority, weight: 8, handOver: true });
    const { id: taken } = await job(1, 'low');
    const jobs = await Promise.all([job(2, 'high'), job(3, 'high'), job(4, 'high'), job(1, 'high')]);
    t.is(jobs[3]?.admission.kind, 'joined');
    t.deepEqual(await world.connection.zrange(`${world.prefix}jobs:prioritized`, '0', '-1'), [
      ...jobs.slice(0, 3).map(({ id }) => id),
      taken,
    ]);
  });

  test('a job that comes twice at once is there once', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ mode: 'bypass' });
    await world.store.leave(id, 'canceled');
    await world.connection.del(`${world.prefix}job:${id}`);
    const twice = await Promise.all([world.submit({ id, input: 1 }), world.submit({ id, input: 2 })]);
    t.deepEqual(
      twice.map(({ admission }) => admission.kind),
      ['queued', 'exists'],
    );
    t.is((await world.submit({ id, input: 1 })).admission.kind, 'exists');
  });

  test('of jobs that come at once one that Redis cannot take keeps no other', async (t) => {
    const world = newWorld();
    const broken = await world.submit({ mode: 'bypass' });
    await world.store.leave(broken.id, 'canceled');
    await world.connection.del(`${world.prefix}job:${broken.id}`, `${world.prefix}data:${broken.id}`);
    await world.connection.set(`${world.prefix}data:${broken.id}`, 'no hash');
    const [first, bad, last] = await Promise.allSettled([
      world.submit(),
      world.submit({ id: broken.id }),
      world.submit(),
    ]);
    t.like(bad, { status: 'rejected' });
    t.regex(String(bad.status === 'rejected' && bad.reason), /WRONGTYPE/);
    for (const one of [first, last]) {
      const { id, admission } = one.status === 'fulfilled' ? one.value : await Promise.reject(one.reason);
      t.is(admission.kind, 'queued');
      await world.succeed(await world.start(id));
    }
    t.is(await world.connection.hget(`${world.prefix}state`, '*'), null);
  });

  test('answers from the cache that are large come, though not from one script', async (t) => {
    const world = newWorld();
    const outputs = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(200_000));
    for (const [input, output] of outputs.entries())
      await world.succeed(await world.start((await world.submit({ input })).id), output);
    const jobs = await Promise.all(outputs.map((_, input) => world.submit({ input })));
    for (const [index, { id, admission }] of jobs.entries()) {
      t.like(admission, { kind: 'hit', output: JSON.stringify(outputs[index]) });
      t.is(await world.status(id), 'succeeded');
    }
  });

  test('answers from the cache that come at once are counted and listed each', async (t) => {
    const world = newWorld();
    await world.succeed(await world.start((await world.submit({ input: 1 })).id), 'out');
    const jobs = await Promise.all(Array.from({ length: 6 }, () => world.submit({ input: 1 })));
    for (const { id, admission } of jobs) {
      t.like(admission, { kind: 'hit', output: '"out"' });
      t.like(await world.read(id), { status: 'succeeded', cache: 'hit', output: '"out"' });
      t.not(await world.connection.zscore(`${world.prefix}list:acme`, id), null);
      t.true((await world.connection.pttl(`${world.prefix}job:${id}`)) > 0);
    }
    const [usage = ''] = (await world.keys()).filter((key) => key.startsWith('usage:'));
    const counts = Object.entries(await world.connection.hgetall(world.prefix + usage));
    t.is(counts.find(([field]) => field.endsWith(':succeeded+hit'))?.[1], '6');
  });
};
