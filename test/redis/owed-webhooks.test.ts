import test, { type ExecutionContext } from 'ava';
import { Worker, type Job } from 'bullmq';
import { createDeliveryLog } from '../../shared/redis/delivery-log.ts';
import { createDeliveryQueue, DELIVERY_PREFIX, DELIVERY_QUEUE } from '../../shared/redis/delivery-queue.ts';
import { readOwedWebhooks } from '../../shared/redis/owed-webhooks.ts';
import type { EventType } from '../../shared/webhook-event.ts';
import { startFileRedis } from '../support/file-redis.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const TOKEN = 'token';
const connection = await startFileRedis(test);
const deliveries = createDeliveryQueue(connection, () => undefined);
test.after.always(() => deliveries.close());
// All webhooks of a Redis are in one queue.
test.beforeEach(async () => {
  await connection.flushall();
});

async function add(jobId: string, event: EventType = 'job.succeeded'): Promise<string> {
  const id = `msg_${jobId}_2`;
  await deliveries.add({ id, jobId, tenant: 'acme', url: 'https://example.org/hook', event, body: '{}' });
  return id;
}

/** As if it had happened so many milliseconds earlier. */
async function age(id: string, field: 'timestamp' | 'processedOn', by: number): Promise<void> {
  await connection.hset(`${DELIVERY_PREFIX}${DELIVERY_QUEUE.name}:${id}`, field, Date.now() - by);
}

/** Takes the next one as a worker does. */
async function take(t: ExecutionContext): Promise<Job> {
  const { name, prefix } = DELIVERY_QUEUE;
  const worker = new Worker(name, null, { prefix, connection, autorun: false });
  t.teardown(() => worker.close());
  const job = await worker.getNextJob(TOKEN);
  if (!job) throw new Error('There is none');
  return job;
}

async function takeAndPutOff(t: ExecutionContext, to: number): Promise<void> {
  await (await take(t)).moveToDelayed(to, TOKEN);
}

test.serial('what no worker has taken is due since it came, whatever came after it', async (t) => {
  t.deepEqual(await readOwedWebhooks(connection), { owed: 0, overdue: 0 });
  await age(await add('job_1'), 'timestamp', HOUR);
  await add('job_2');
  for (const later of ['test_1', 'test_2', 'test_3']) await add(later, 'webhook.test');
  const { owed, overdue } = await readOwedWebhooks(connection);
  t.is(owed, 5);
  t.true(overdue >= 3600 && overdue < 3700, String(overdue));
});

test.serial('what waits for its next attempt is owed, and due when that should be made', async (t) => {
  await age(await add('job_1'), 'timestamp', HOUR);
  await takeAndPutOff(t, Date.now() + HOUR);
  t.deepEqual(await readOwedWebhooks(connection), { owed: 1, overdue: 0 });
  await add('job_2');
  await takeAndPutOff(t, Date.now() + 100);
  await until(async () => (await readOwedWebhooks(connection)).overdue > 0.2);
  t.true((await readOwedWebhooks(connection)).overdue < 60);
  t.is((await readOwedWebhooks(connection)).owed, 2);
});

test.serial('what was brought again is due since then, not since it came or was last tried', async (t) => {
  const id = await add('job_1');
  await age(id, 'timestamp', 20 * HOUR);
  await takeAndPutOff(t, Date.now() + HOUR);
  await age(id, 'processedOn', 14 * HOUR);
  const about = { id, event: 'job.succeeded', url: 'https://example.org/hook', attempt: 7 } as const;
  const at = new Date(Date.now() - 14 * HOUR).toISOString();
  const next_at = new Date(Date.now() - 5000).toISOString();
  const logged = { jobId: 'job_1', tenant: 'acme' };
  await createDeliveryLog(connection).end(logged, { ...about, at, next_at, outcome: 'failed' });
  t.true(await deliveries.hasten(id));
  const { owed, overdue } = await readOwedWebhooks(connection);
  t.is(owed, 1);
  t.true(overdue >= 5 && overdue < 60, String(overdue));
});

test.serial('what a worker had that has died is due since it was taken', async (t) => {
  const id = await add('job_1');
  await take(t);
  await age(id, 'timestamp', 20 * HOUR);
  await age(id, 'processedOn', HOUR);
  const { owed, overdue } = await readOwedWebhooks(connection);
  t.is(owed, 1);
  t.true(overdue >= 3600 && overdue < 3700, String(overdue));
});
