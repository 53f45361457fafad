import test from 'ava';
import { startTemporaryRedis } from '../../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { createEndpointReports } from '../../../shared/redis/endpoint-reports.ts';
import { redisTime } from '../../../shared/redis/redis-time.ts';

test('what workers say of endpoints is read while it is of just now, and a worker leaves its own out', async (t) => {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  t.teardown(async () => {
    connection.disconnect();
    await redis.stop();
  });
  const reports = createEndpointReports(connection);
  const now = await redisTime(connection);
  const report = { id: 'e', state: 'open' as const, since: 5, probeAt: 6, error: 'no', at: now };
  await reports.write('abc123', 'one', [report]);
  await reports.write('abc123', 'two', [{ ...report, state: 'closed' }]);
  t.is((await reports.read('abc123')).length, 2);
  t.deepEqual(await reports.read('abc123', 'two'), [report]);
  t.deepEqual(await reports.read('zzz999'), []);
  await reports.write('abc123', 'one', [{ ...report, at: now - 31_000 }]);
  // Of before Redis' clock was put back.
  await reports.write('abc123', 'three', [{ ...report, at: now + 10 * 60_000 }]);
  t.deepEqual(
    (await reports.read('abc123')).map(({ state }) => state),
    ['closed'],
  );
  t.is(await connection.hlen('inferq:{abc123}:endpoints'), 1);
  const left = await connection.pttl('inferq:{abc123}:endpoints');
  t.true(left > 0 && left <= 60_000, `${left} ms`);
});
