import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startTemporaryRedis } from '../../../cli/local/temporary-redis.ts';
import { createCallSlots } from '../../../shared/redis/call-slots.ts';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { until } from '../../support/until.ts';

test('a slot that is renewed is held longer, one that is not is free again', async (t) => {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  t.teardown(async () => {
    connection.disconnect();
    await redis.stop();
  });
  const slots = createCallSlots(connection);
  const endOf = async (): Promise<number> => {
    const key = 'inferq:{abc123}:calls';
    const [held = ''] = await connection.zrange(key, '0', '0');
    return Number(await connection.zscore(key, held));
  };
  const slot = await slots.take('abc123', 1, 2000);
  t.is(await slots.take('abc123', 1, 2000), undefined);
  const before = await endOf();
  await sleep(5);
  await slot?.renew();
  t.true((await endOf()) > before);
  let next: unknown;
  await until(async () => (next = await slots.take('abc123', 1, 60_000)) !== undefined);
  t.truthy(next);
  await slot?.release();
  t.is(await slots.take('abc123', 1, 2000), undefined);
});
