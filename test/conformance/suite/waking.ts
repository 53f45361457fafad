import { randomBytes } from 'node:crypto';
import { on } from 'node:events';
import { Cluster, Redis } from 'ioredis';
import { createWaiters } from '../../../shared/redis/waiters.ts';
import type { RedisConnection } from '../../../shared/redis/connection.ts';
import type { Suite } from './suite.ts';

export const waking: Suite = (test, newWorld) => {
  test('who waits at any replica, connected to any node, is woken', async (t) => {
    const world = newWorld();
    const replica = randomBytes(4).toString('hex');
    for (const newSubscriber of subscribers(world.connection)) {
      const subscriber = newSubscriber();
      t.teardown(() => subscriber.disconnect());
      await subscriber.subscribe(`inferq:wake:${replica}`);
      const { id } = await world.submit({ waiter: replica });
      const run = await world.start(id);
      const woken = endOf(subscriber);
      await world.succeed(run);
      t.deepEqual(await woken, [`inferq:wake:${replica}`, id]);
    }
  });

  test('who waits for a job that is handed over waits for its new run as well', async (t) => {
    const world = newWorld();
    const replica = randomBytes(4).toString('hex');
    const leader = await world.submit({ input: 1 });
    const heir = await world.submit({ input: 1 });
    await createWaiters(world.connection).add(leader.id, replica);
    await world.fail(await world.start(leader.id), 'handover');
    const run = await world.start(heir.id);
    const [newSubscriber] = subscribers(world.connection);
    const subscriber = newSubscriber?.() ?? t.fail();
    t.teardown(() => subscriber.disconnect());
    await subscriber.subscribe(`inferq:wake:${replica}`);
    const woken = endOf(subscriber);
    await world.succeed(run);
    t.deepEqual(await woken, [`inferq:wake:${replica}`, heir.id]);
  });

  test('of a start only who reads along is told', async (t) => {
    const world = newWorld();
    const [waiter, reader] = [randomBytes(4).toString('hex'), randomBytes(4).toString('hex')];
    const [newSubscriber] = subscribers(world.connection);
    const subscriber = newSubscriber?.() ?? t.fail();
    t.teardown(() => subscriber.disconnect());
    await subscriber.subscribe(`inferq:wake:${waiter}`, `inferq:wake:${reader}`);
    const told: string[] = [];
    subscriber.on('message', (channel: string, message: string) => told.push(`${channel} ${message}`));
    const { id } = await world.submit({ waiter });
    await createWaiters(world.connection).add(id, reader, { starts: true });
    const ended = endOf(subscriber);
    await world.succeed(await world.start(id));
    await ended;
    t.deepEqual(
      told.filter((message) => message.endsWith('started')),
      [`inferq:wake:${reader} ${id} started`],
    );
  });

  test('who reads along learns that a run was handed over and begins again', async (t) => {
    const world = newWorld();
    const leader = await world.submit({ input: 1 });
    const heir = await world.submit({ input: 1 });
    const run = await world.start(leader.id);
    await world.store.append(run.run, run.token, [{ kind: 'output', data: '{"chunk":"half"}' }]);
    await world.fail(run, 'handover');
    const [[before] = []] = await world.connection.xrevrange(
      `${world.prefix}events:${leader.id}`,
      '+',
      '-',
      'COUNT',
      1,
    );
    const [[after, fields] = []] = await world.connection.xrange(
      `${world.prefix}events:${heir.id}`,
      '-',
      '+',
    );
    t.true(Number.parseInt(after ?? '', 10) >= Number.parseInt(before ?? '', 10));
    t.deepEqual(fields, ['kind', 'status', 'data', '{"status":"queued"}']);
  });
};

/** Channel and run of the first message that is not of a start, which may come late from another node. */
async function endOf(subscriber: Redis): Promise<unknown> {
  for await (const [channel, message] of on(subscriber, 'message'))
    if (!String(message).endsWith(' started')) return [channel, String(message).split(' ')[0]];
  return undefined;
}

/** Each opens a connection of its own, to another node of a cluster. */
function subscribers(connection: RedisConnection): (() => Redis)[] {
  if (!(connection instanceof Cluster)) return [() => connection.duplicate()];
  return connection.nodes('master').map(
    ({ options }) =>
      () =>
        new Redis(options.port ?? 0, '127.0.0.1'),
  );
}
