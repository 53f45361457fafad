import test, { type ExecutionContext } from 'ava';
import { cacheKey } from '../../shared/cache-key.ts';
import { createWaiters } from '../../shared/redis/waiters.ts';
import { startFileRedis } from '../support/file-redis.ts';
import { createClaimWorld } from './claim-world.ts';

const connection = await startFileRedis(test);

/** Two runs that are under way, and two that are next: the first of these is shared. */
async function startWorld(t: ExecutionContext) {
  const world = createClaimWorld(connection);
  t.teardown(() => world.bull.close());
  const { bull } = world;
  await bull.submit();
  await bull.submit();
  const claims = await world.takeAll(2);
  const shared = await bull.submit({ input: 'shared' });
  const own = await bull.submit();
  const finishBoth = () => Promise.all(claims.map((claim) => world.finish(claim)));
  return { ...world, claims, shared, own, finishBoth };
}

test('who joined a run starts and ends with it, among others too', async (t) => {
  const { world, shared, own, finish, finishBoth } = await startWorld(t);
  const { id: joined } = await world.submit({ input: 'shared', tenant: 'acme' });
  const finishes = await finishBoth();
  for (const id of [shared, joined, own]) t.is(await world.status(id), 'running');
  t.is(await connection.hget(`${world.prefix}state`, '*'), null);
  await Promise.all(finishes.map(({ next }) => finish(next)));
  for (const id of [shared, joined, own]) t.is(await world.status(id), 'succeeded');
  t.is(await connection.exists(`${world.prefix}joined:${shared}`), 0);
});

test('a run that starts among others is in flight again, and not when it has ended', async (t) => {
  const { world, shared, finish, finishBoth } = await startWorld(t);
  const flight = `${world.prefix}flight:${cacheKey(world.model, 'acme', 'shared')}`;
  t.is(await connection.get(flight), shared);
  await connection.del(flight);
  const finishes = await finishBoth();
  t.is(await connection.get(flight), shared);
  await Promise.all(finishes.map(({ next }) => finish(next)));
  t.is(await connection.exists(flight), 0);
});

test('of runs that end and start together each is told to whoever waits for it', async (t) => {
  const { world, claims, shared, own, finishBoth } = await startWorld(t);
  const waiters = createWaiters(connection);
  const ended = claims.map(({ run = '' }) => run);
  await Promise.all(ended.map((run) => waiters.add(run, world.code)));
  await Promise.all([shared, own].map((run) => waiters.add(run, world.code, { starts: true })));
  const subscriber = connection.duplicate();
  t.teardown(() => subscriber.disconnect());
  await subscriber.subscribe(`inferq:wake:${world.code}`);
  const told: string[] = [];
  subscriber.on('message', (_, message: string) => told.push(message.split(' ').slice(0, 2).join(' ')));
  await finishBoth();
  await subscriber.ping();
  t.deepEqual(told, [...ended.map((run) => `${run} ended`), `${shared} started`, `${own} started`]);
  for (const run of ended) t.is(await connection.exists(`${world.prefix}waiting:${run}`), 0);
});

test('what a run has said is kept no longer than its result', async (t) => {
  const { world, claims, finishBoth } = await startWorld(t);
  const [run] = claims;
  if (typeof run?.started !== 'object') throw new Error('The run was not started');
  await world.store.append(run.started.run, run.started.token, [{ kind: 'log', data: '{"line":"1"}' }]);
  await finishBoth();
  const life = await connection.pttl(`${world.prefix}events:${run.run}`);
  t.true(life > 0 && life <= world.model.retention * 1000, String(life));
});

test('a run whose worker died is started as such, among others too', async (t) => {
  const { world, shared, own, finishBoth } = await startWorld(t);
  await world.start(shared);
  const [first, second] = await finishBoth();
  t.like(first?.next, { run: shared, started: { token: 2, attempt: 2, lost: { worker: 'worker' } } });
  t.like(second?.next, { run: own, started: { token: 1, attempt: 1, lost: undefined } });
});
