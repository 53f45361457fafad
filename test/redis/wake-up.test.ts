import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { parseToldEnd } from '../../shared/redis/told-end.ts';
import { createWakeUp } from '../../shared/redis/wake-up.ts';
import { createJobWorld } from '../support/job-world.ts';

async function open(t: ExecutionContext) {
  const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
  const connection = connect(redis.url, PATIENT);
  const wakeUp = createWakeUp(connect(redis.url, PATIENT), randomBytes(4).toString('hex'));
  await wakeUp.start();
  t.teardown(async () => {
    await wakeUp.stop();
    await connection.quit();
    await redis.stop();
  });
  const world = createJobWorld(connection);
  return { world, wakeUp };
}

test('who reads along is woken by the start of a run, who waits for its end is not', async (t) => {
  const { world, wakeUp } = await open(t);
  const { id } = await world.submit({ waiter: wakeUp.replica });
  const [reader, waiter] = [wakeUp.listen(id, { starts: true }), wakeUp.listen(id)];
  const told: string[] = [];
  const first = reader.changed(20_000).then(() => told.push('reader'));
  const end = waiter.changed(20_000).then(() => told.push('waiter'));
  const run = await world.start(id);
  await first;
  t.deepEqual(told, ['reader']);
  const second = reader.changed(20_000);
  await world.succeed(run);
  await Promise.all([second, end]);
  t.deepEqual(told, ['reader', 'waiter']);
  reader.stop();
  waiter.stop();
});

test('who waits is told of the end what a read would tell', async (t) => {
  const { world, wakeUp } = await open(t);
  async function toldOf(end: (run: Awaited<ReturnType<typeof world.start>>) => Promise<unknown>, jobs = 1) {
    const input = randomBytes(4).toString('hex');
    const { id } = await world.submit({ input, waiter: wakeUp.replica });
    for (let at = 1; at < jobs; at++) await world.submit({ input });
    const listener = wakeUp.listen(id);
    await end(await world.start(id));
    const told = await listener.changed(20_000);
    listener.stop();
    return { id, told, job: told === undefined ? undefined : parseToldEnd(id, told) };
  }

  const good = await toldOf((run) => world.succeed(run, { text: 'Grüße\n "\u0000" 漢字 🎉' }));
  t.deepEqual(good.job, await world.store.read(good.id));
  const bad = await toldOf((run) => world.fail(run));
  t.deepEqual(bad.job, await world.store.read(bad.id));
  t.is(bad.job?.status, 'failed');
  t.is(parseToldEnd(good.id, bad.told ?? ''), undefined);

  const large = await toldOf((run) => world.succeed(run, 'x'.repeat(20_000)));
  t.is(large.told, undefined);
  const shared = await toldOf((run) => world.succeed(run), 2);
  t.is(shared.told, undefined);
});
