import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startTemporaryRedis } from '../../../cli/local/temporary-redis.ts';
import { createCallSlots } from '../../../shared/redis/call-slots.ts';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { until } from '../../support/until.ts';

test('a slot that is renewed outlasts its time, one that is not is free again', async (t) => {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  t.teardown(async () => {
    connection.disconnect();
    await redis.stop();
  });
  const slots = createCallSlots(connection);
  const slot = await slots.take('abc123', 1, 1000);
  t.is(await slots.take('abc123', 1, 1000), undefined);
  for (let at = 0; at < 12; at++) {
    await sleep(100);
    await slot?.renew();
  }
  t.is(await slots.take('abc123', 1, 1000), undefined);
  let next: unknown;
  await until(async () => (next = await slots.take('abc123', 1, 60_000)) !== undefined);
  t.truthy(next);
  await slot?.release();
  t.is(await slots.take('abc123', 1, 1000), undefined);
});
