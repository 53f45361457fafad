import test from 'ava';
import { Queue } from 'bullmq';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createEvents } from '../../shared/events.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createQueueWorker } from '../../workers/webhooks/queue-worker.ts';
import { until } from '../support/until.ts';

test('a delivery that cannot be put off, as where Redis has just forgotten the script, is taken again', async (t) => {
  const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
  t.teardown(redis.stop);
  const connection = connect(redis.url, PATIENT);
  const place = { name: 'some', prefix: 'inferq:{test}' };
  const queue = new Queue(place.name, { prefix: place.prefix, connection, skipVersionCheck: true });
  let taken = 0;
  const worker = createQueueWorker<object>({
    queue: place,
    connection,
    concurrency: 1,
    lockTime: 1,
    async take(job) {
      taken += 1;
      if (taken > 1) return undefined;
      job.moveToDelayed = () => Promise.reject(new Error('NOSCRIPT No matching script.'));
      return Date.now();
    },
    afterFault: () => undefined,
    where: 'a test',
    events: createEvents(),
  });
  await worker.start();
  t.teardown(async () => {
    await worker.stop();
    await queue.close();
    connection.disconnect();
  });
  await queue.add('deliver', {}, { removeOnComplete: true });
  await until(() => taken === 2);
  await until(async () => (await queue.getJobCountByTypes('active', 'wait', 'delayed')) === 0);
  t.is(await queue.getFailedCount(), 0);
});
