import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobStore } from '../../shared/redis/job-store.ts';
import { createNearCache } from '../../shared/redis/near-cache.ts';
import { createJobWorld } from '../support/job-world.ts';

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

/** A store that has outputs near by, and what Redis has sent, in bytes. */
function open() {
  const world = createJobWorld(connection, '', createJobStore(connection, createNearCache()));
  const sent = async () => Number(/total_net_output_bytes:(\d+)/.exec(await connection.info('stats'))?.[1]);
  const ask = async (options = {}) => {
    const { admission } = await world.submit({ input: 1, ...options });
    return admission.kind === 'hit' ? admission.output : admission.kind;
  };
  return { world, sent, ask };
}

test.serial('the output of a hot result comes from Redis once', async (t) => {
  const { world, sent, ask } = open();
  const text = 'x'.repeat(100_000);
  await world.succeed(await world.start((await world.submit({ input: 1 })).id), text);
  const before = await sent();
  for (let at = 0; at < 20; at++) t.is(await ask(), `"${text}"`);
  const bytes = (await sent()) - before;
  t.true(bytes > text.length && bytes < 1.5 * text.length, `${bytes}`);
});

test.serial('what is asked anew is given anew, what is gone is not given', async (t) => {
  const { world, ask } = open();
  const first = await world.submit({ input: 1 });
  await world.succeed(await world.start(first.id), 'old');
  t.is(await ask(), '"old"');
  t.is(await ask(), '"old"');
  const fresh = await world.submit({ input: 1, mode: 'refresh' });
  await world.succeed(await world.start(fresh.id), 'new');
  t.is(await ask(), '"new"');
  t.is(await ask(), '"new"');
  t.is(await ask({ tenant: 'other' }), 'queued');
  await connection.del(`${world.prefix}data:${fresh.id}`);
  t.is(await ask(), 'queued');
});
