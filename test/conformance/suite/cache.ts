import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from './suite.ts';

export const cache: Suite = (test, newWorld) => {
  test('an ended job is answered from the cache, with an id of its own', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: { a: 1, b: 2 } });
    await world.succeed(await world.start(first.id), 'yes');
    const second = await world.submit({ input: { b: 2, a: 1.0 } });
    t.is(second.admission.kind, 'hit');
    const job = await world.read(second.id);
    t.deepEqual([job.status, job.output, job.cache], ['succeeded', '"yes"', 'hit']);
    t.not(second.id, first.id);
  });

  test('another tenant has no part in the cache', async (t) => {
    const world = newWorld();
    const { id } = await world.submit({ input: 1, tenant: 'acme' });
    await world.succeed(await world.start(id));
    t.is((await world.submit({ input: 1, tenant: 'other' })).admission.kind, 'queued');
  });

  test('another tenant has its part in the cache of a model whose scope is shared', async (t) => {
    const world = newWorld(', cache: {scope: shared}');
    const { id } = await world.submit({ input: 1, tenant: 'acme' });
    await world.succeed(await world.start(id));
    t.is((await world.submit({ input: 1, tenant: 'other' })).admission.kind, 'hit');
  });

  test('refresh asks the model again and renews the cache; bypass leaves it alone', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1 });
    await world.succeed(await world.start(first.id), 'old');
    const fresh = await world.submit({ input: 1, mode: 'refresh' });
    t.is(fresh.admission.kind, 'queued');
    await world.succeed(await world.start(fresh.id), 'new');
    const apart = await world.submit({ input: 1, mode: 'bypass' });
    await world.settle(await world.start(apart.id), {
      kind: 'succeeded',
      output: '"apart"',
      attempt: '',
      cacheTtlMs: 0,
    });
    t.is((await world.read((await world.submit({ input: 1 })).id)).output, '"new"');
    t.is((await world.read(apart.id)).cache, 'bypass');
  });

  test('a result is stored once, however many jobs have it', async (t) => {
    const world = newWorld();
    const output = 'x'.repeat(100_000);
    const { id } = await world.submit({ input: 1 });
    await world.succeed(await world.start(id), output);
    for (let at = 0; at < 5; at++) t.is((await world.submit({ input: 1 })).admission.kind, 'hit');
    const sizes = await Promise.all(
      (await world.keys()).map((key) => world.connection.memory('USAGE', world.prefix + key)),
    );
    const bytes = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
    t.true(bytes < 1.3 * output.length, `${bytes} bytes for an output of ${output.length}`);
  });

  test('each job shows a shared result for its own retention, and the cache keeps it for its ttl', async (t) => {
    const world = newWorld(', retention: 4');
    const first = await world.submit({ input: 1 });
    await world.succeed(await world.start(first.id), 'kept');
    await sleep(2400);
    const second = await world.submit({ input: 1 });
    await sleep(2400);
    t.like(await world.read(first.id), { dataRemoved: true, output: null });
    t.like(await world.read(second.id), { dataRemoved: false, output: '"kept"' });
    await sleep(2400);
    t.like(await world.read(second.id), { dataRemoved: true, output: null });
    t.like((await world.submit({ input: 1 })).admission, { kind: 'hit', output: '"kept"' });
  });
};
