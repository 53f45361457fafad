import { randomBytes } from 'node:crypto';
import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createWakeUp } from '../../shared/redis/wake-up.ts';
import { createJobWorld } from '../support/job-world.ts';

test('who reads along is woken by the start of a run, who waits for its end is not', async (t) => {
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
