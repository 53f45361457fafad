import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createModelBacklogs } from '../../shared/redis/model-backlogs.ts';
import { startFileRedis } from '../support/file-redis.ts';
import { createJobWorld } from '../support/job-world.ts';

const connection = await startFileRedis(test);

test('the oldest wait is that of the oldest, not of the next one', async (t) => {
  const world = createJobWorld(connection);
  const backlogs = createModelBacklogs(connection);
  t.is((await backlogs.of(world.code)).oldest_wait, null);
  const before = Date.now();
  await world.submit({ priority: 'low', handOver: true });
  await sleep(300);
  await world.submit({ priority: 'high', handOver: true });
  const { backlog, oldest_wait: waited } = await backlogs.of(world.code);
  t.is(backlog, 2);
  const most = (Date.now() - before) / 1000;
  t.true(waited !== null && waited >= 0.29 && waited <= most, `${waited} of ${most} s`);
});
