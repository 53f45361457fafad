import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { newJobId } from '../../shared/redis/keys.ts';
import { createJobWorld, type JobWorld } from '../support/job-world.ts';
import { createBullWorld } from './bull-world.ts';

async function startWorld(t: ExecutionContext) {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  const world = createJobWorld(connection);
  const bull = createBullWorld(world);
  t.teardown(async () => {
    await bull.close();
    connection.disconnect();
    await redis.stop();
  });
  return { world, bull, connection };
}

/** Admits a job that BullMQ gets in the same step; answers its id. */
async function submit({ store, model, code }: JobWorld, delay?: number) {
  const id = newJobId(code, Date.now(), randomBytes(16));
  const spec = { mode: 'bypass', priority: 'normal', subject: 's', request_id: 'r', weight: 1 } as const;
  const admission = await store.admit({
    id,
    tenant: 'acme',
    model,
    spec: delay === undefined ? spec : { ...spec, delay },
    input: '1',
    cacheKey: undefined,
    waiter: undefined,
    handOver: true,
  });
  return { id, admission };
}

test('a run that was handed over when it was admitted is to BullMQ what one is that it was given', async (t) => {
  const { world, bull, connection } = await startWorld(t);
  const given = await bull.submit();
  const { id, admission } = await submit(world);
  t.like(admission, { kind: 'queued', handedOver: true, position: 2 });
  const read = async (run: string) => {
    const {
      opts = '{}',
      timestamp,
      priority,
      ...rest
    } = await connection.hgetall(`${world.prefix}jobs:${run}`);
    const { attempts, removeOnComplete, removeOnFail } = JSON.parse(opts);
    t.true(Number(timestamp) > 0 && Number(priority) > 0);
    return { ...rest, attempts, removeOnComplete, removeOnFail };
  };
  t.deepEqual(await read(id), await read(given));
  t.is(await bull.workOff(), given);
  t.is(await bull.workOff(), id);
  t.is(await world.status(id), 'succeeded');
  t.is(await connection.exists(`${world.prefix}jobs:${id}`), 0);
});

test('a worker that sleeps is woken by it; where the queue is paused, none is', async (t) => {
  const { world, bull, connection } = await startWorld(t);
  const marker = `${world.prefix}jobs:marker`;
  await bull.queue.pause(world.code, true);
  await submit(world);
  t.is(await connection.exists(marker), 0);
  await bull.queue.pause(world.code, false);
  await connection.del(marker);
  await submit(world);
  t.is(await connection.zcard(marker), 1);
});

test('a delayed job is left to BullMQ', async (t) => {
  const { world, connection } = await startWorld(t);
  const { id, admission } = await submit(world, 60);
  t.like(admission, { kind: 'queued', handedOver: false });
  t.is(await connection.exists(`${world.prefix}jobs:${id}`), 0);
});
