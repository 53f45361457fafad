import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import type { JobStore } from '../../shared/ports.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobStore } from '../../shared/redis/job-store.ts';
import { createNearCache } from '../../shared/redis/near-cache.ts';
import { createJobWorld, type SubmitOptions } from '../support/job-world.ts';

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

const OTHERS: SubmitOptions[] = [
  {},
  { ttl: 100 },
  { tenant: 'other' },
  { webhook: { url: 'https://example.org/hook', events: ['succeeded'] } },
  { tenant: 'other', metadata: { order: '42' } },
  { delay: 5 },
  { mode: 'refresh' },
  { input: 2 },
];

/** What is left of answers that are asked for in one turn, the first of them again under its own id. */
async function leftBehind(store?: JobStore) {
  const world = createJobWorld(connection, ', cache: {ttl: 3600, scope: shared}', store);
  await world.succeed(await world.start((await world.submit({ input: 1 })).id), 'out');
  await world.submit({ input: 1 });
  const jobs = await Promise.all(OTHERS.map((options) => world.submit({ input: 1, ...options })));
  const twice = world.submit({ input: 1, id: jobs[0]?.id ?? '' });
  const anew = { id: `${jobs[0]?.id.slice(0, -1)}0`, input: 1 };
  const same = await Promise.all([twice, world.submit(anew), world.submit(anew)]);
  const left = await Promise.all(
    jobs.map(async ({ id }) => {
      const { tenant, status, cache, output, revision, expiresAt, createdAt, dataRemoved, spec } =
        await world.read(id);
      const listed = await connection.zscore(`${world.prefix}list:${tenant}`, id);
      const waits = expiresAt === null ? null : expiresAt - createdAt;
      const inOrder = Number(listed) === createdAt;
      const isKept = (await connection.pttl(`${world.prefix}job:${id}`)) > 7 * 86_400_000;
      return { tenant, status, cache, output, revision, waits, dataRemoved, inOrder, isKept, spec };
    }),
  );
  const usage = (await world.keys()).filter((key) => key.startsWith('usage:')).toSorted();
  const counted = await Promise.all(usage.map((key) => connection.hgetall(world.prefix + key)));
  const owed = await connection.zcard(`${world.prefix}outbox`);
  return { kinds: [...jobs, ...same].map(({ admission }) => admission.kind), left, counted, owed };
}

test.serial('an answer from near by leaves behind what any other answer from the cache does', async (t) => {
  const near = await leftBehind(createJobStore(connection, createNearCache()));
  t.deepEqual(near, await leftBehind());
  t.deepEqual(near.kinds.slice(0, 5), ['hit', 'hit', 'hit', 'hit', 'hit']);
  t.deepEqual(near.kinds.slice(-3), ['exists', 'hit', 'exists']);
});

test.serial('the output does not come again either where a webhook is owed', async (t) => {
  const { world, ask } = open();
  const text = 'x'.repeat(100_000);
  await world.succeed(await world.start((await world.submit({ input: 1 })).id), text);
  t.is(await ask(), `"${text}"`);
  const before = await bytes('output');
  const webhook = { url: 'https://example.org/hook', events: ['succeeded' as const] };
  for (let at = 0; at < 5; at++) t.is(await ask({ webhook }), `"${text}"`);
  t.is(await connection.zcard(`${world.prefix}outbox`), 5);
  t.true((await bytes('output')) - before < text.length);
});

test.serial('what goes wrong with what a tenant has keeps no other tenant from an answer', async (t) => {
  const world = createJobWorld(
    connection,
    ', cache: {ttl: 3600, scope: shared}',
    createJobStore(connection, createNearCache()),
  );
  await world.succeed(await world.start((await world.submit({ input: 1 })).id), 'out');
  await world.submit({ input: 1 });
  await connection.set(`${world.prefix}list:bad`, 'no list');
  const asked = ['acme', 'bad', 'third'].map((tenant) => world.submit({ input: 1, tenant }));
  const [acme, bad, third] = await Promise.allSettled(asked);
  t.like(acme, { status: 'fulfilled', value: { admission: { kind: 'hit', output: '"out"' } } });
  t.like(third, { status: 'fulfilled', value: { admission: { kind: 'hit', output: '"out"' } } });
  t.regex(String(bad?.status === 'rejected' && bad.reason), /WRONGTYPE/);
});
