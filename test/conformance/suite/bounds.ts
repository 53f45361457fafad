import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from './suite.ts';

export const bounds: Suite = (test, newWorld) => {
  test('a full tenant and a full model refuse, and say which it is', async (t) => {
    const world = newWorld(', queue: {max_depth: 3, max_depth_per_tenant: 2}');
    await world.submit({ tenant: 'a' });
    const second = await world.submit({ tenant: 'a' });
    t.like((await world.submit({ tenant: 'a' })).admission, { kind: 'full', of: 'tenant', depth: 2 });
    await world.submit({ tenant: 'b' });
    t.like((await world.submit({ tenant: 'c' })).admission, { kind: 'full', of: 'model', depth: 3 });
    await world.start(second.id);
    t.is((await world.submit({ tenant: 'c' })).admission.kind, 'queued');
  });

  test('the bounds hold for identical jobs too, but not for answers from the cache', async (t) => {
    const world = newWorld(', queue: {max_depth: 3, max_depth_per_tenant: 2}');
    const known = await world.submit({ input: 0 });
    await world.succeed(await world.start(known.id));
    await world.submit({ input: 1 });
    await world.submit({ input: 1 });
    t.like((await world.submit({ input: 1 })).admission, { kind: 'full', of: 'tenant', depth: 2 });
    t.is((await world.submit({ input: 0 })).admission.kind, 'hit');
  });

  test('the bounds hold for retried jobs', async (t) => {
    const world = newWorld(', queue: {max_depth: 3, max_depth_per_tenant: 1}');
    const { id } = await world.submit();
    await world.store.leave(id, 'canceled');
    await world.submit();
    t.like(await world.retry(id), { kind: 'full', of: 'tenant', depth: 1 });
  });

  test('a ttl that cannot be met is refused, and the refusal costs the tenant nothing', async (t) => {
    const world = newWorld();
    const waiting = await Promise.all(Array.from({ length: 20 }, () => world.submit()));
    await sleep(500);
    for (const { id } of waiting) {
      await sleep(10);
      await world.start(id);
    }
    await world.submit();
    await world.connection.zadd(
      `${world.prefix}jobs:prioritized`,
      ...Array.from({ length: 200 }, (_, n) => [n, n]).flat(),
    );
    const share = async () => Number(await world.connection.hget(`${world.prefix}state`, 's:normal:acme'));
    const before = await share();
    t.like((await world.submit({ ttl: 0.1 })).admission, { kind: 'late', position: 201 });
    t.is(await share(), before);
    t.is((await world.submit({ ttl: 0.1, delay: 10 })).admission.kind, 'queued');
  });

  test('that little was asked of a model is no reason to refuse a ttl', async (t) => {
    const world = newWorld();
    for (let at = 0; at < 20; at++) {
      await world.succeed(await world.start((await world.submit()).id));
      await sleep(50);
    }
    await world.connection.zadd(`${world.prefix}jobs:prioritized`, 0, 'a', 0, 'b', 0, 'c');
    t.like((await world.submit({ ttl: 0.1 })).admission, { kind: 'queued', position: 4 });
    const { rate } = await world.connection.hgetall(`${world.prefix}state`);
    t.true(Number(rate) > 15, 'its starts are known');
  });
};
