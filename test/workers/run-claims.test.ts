import test from 'ava';
import { Worker, type RedisQueueBackend } from 'bullmq';
import { createClaims } from '../../shared/redis/claims.ts';
import { QUEUE_NAME, queuePrefix } from '../../shared/redis/work-queue.ts';
import { createRoom } from '../../workers/room.ts';
import { createRunClaims } from '../../workers/run-claims.ts';
import { startFileRedis } from '../support/file-redis.ts';
import { createJobWorld } from '../support/job-world.ts';

const connection = await startFileRedis(test);

test('who had the last run asks for none once, and after a wait in any case', async (t) => {
  const world = createJobWorld(connection);
  const claims = createClaims(connection, { worker: 'worker', lockMs: 30_000 });
  const runClaims = createRunClaims({ claims, code: world.code, room: createRoom() });
  let backend: RedisQueueBackend | undefined;
  const worker = new Worker(
    QUEUE_NAME,
    undefined,
    { prefix: queuePrefix(world.code), connection, autorun: false, skipVersionCheck: true },
    (...how) => (backend = runClaims.backend(...how)),
  );
  t.teardown(() => worker.close());
  await worker.waitUntilReady();
  const next = async () => (await backend?.moveToActive('a lock', 'worker'))?.[1];

  const ids: string[] = [];
  const submit = async () => ids.push((await world.submit({ handOver: true })).id);
  await submit();
  t.is(await next(), ids[0]);
  await submit();
  t.is(await next(), undefined, 'it does not ask');
  t.is(await next(), ids[1]);
  await submit();
  t.is((await backend?.waitForJob(1))?.score, 0);
  t.is(await next(), ids[2], 'the marker that told of it is gone: nobody else would look');
});
