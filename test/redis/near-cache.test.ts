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

const bytes = async (direction: 'input' | 'output'): Promise<number> =>
  Number(new RegExp(`total_net_${direction}_bytes:(\\d+)`).exec(await connection.info('stats'))?.[1]);

/** A store that has outputs near by. */
function open() {
  const world = createJobWorld(connection, '', createJobStore(connection, createNearCache()));
  const ask = async (options = {}) => {
    const { admission } = await world.submit({ input: 1, ...options });
    return admission.kind === 'hit' ? admission.output : admission.kind;
  };
  return { world, ask };
}

test.serial('the output of a hot result comes from Redis once', async (t) => {
  const { world, ask } = open();
  const text = 'x'.repeat(100_000);
  await world.succeed(await world.start((await world.submit({ input: 1 })).id), text);
  const before = await bytes('output');
  for (let at = 0; at < 20; at++) t.is(await ask(), `"${text}"`);
  const sent = (await bytes('output')) - before;
  t.true(sent > text.length && sent < 1.5 * text.length, `${sent}`);
});

test.serial('the input of what has a hot result does not go to Redis again', async (t) => {
  const { world, ask } = open();
  const input = 'x'.repeat(100_000);
  await world.succeed(await world.start((await world.submit({ input })).id), 'out');
  t.is(await ask({ input }), '"out"');
  const before = await bytes('input');
  for (let at = 0; at < 20; at++) t.is(await ask({ input }), '"out"');
  t.true((await bytes('input')) - before < input.length);
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
