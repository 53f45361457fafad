import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFileBlobs } from '../../shared/blobs/file-blobs.ts';
import { createTexts } from '../../shared/blobs/texts.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createBlobCollector } from '../../shared/redis/blob-collector.ts';
import { createBlobIndex } from '../../shared/redis/blob-index.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { newJobId } from '../../shared/redis/keys.ts';
import { createJobWorld } from '../support/job-world.ts';

const redis = await startTemporaryRedis();
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  connection.disconnect();
  await redis.stop();
});

const LARGE = JSON.stringify('x'.repeat(100_000));

async function newWorld(t: ExecutionContext, more = '') {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-blobs-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const world = createJobWorld(connection, more);
  const blobs = createFileBlobs(folder);
  const faults: unknown[] = [];
  const collector = createBlobCollector({
    redis: connection,
    blobs,
    codes: () => [world.code],
    name: world.code,
    onError: (error) => void faults.push(error),
  });
  const texts = createTexts(blobs, createBlobIndex(connection));
  const { store, model } = world;
  const files = async (): Promise<number> =>
    (await readdir(folder, { recursive: true })).filter((name) => name.includes('/')).length;

  /** Admits a job with a large input. */
  async function submit(cacheKey?: string): Promise<string> {
    const id = newJobId(world.code, Date.now(), crypto.getRandomValues(new Uint8Array(16)));
    const spec = { mode: 'use', priority: 'normal', subject: 's', request_id: 'r', weight: 1 } as const;
    await store.admit({
      id,
      tenant: 'acme',
      model,
      spec,
      input: await texts.keep(id, LARGE),
      cacheKey,
      waiter: undefined,
    });
    return id;
  }

  return {
    ...world,
    texts,
    faults,
    files,
    submitLarge: submit,
    async succeedLarge(id: string, cacheTtlMs = 0): Promise<void> {
      const output = await texts.keep(id, LARGE);
      await world.settle(await world.start(id), { kind: 'succeeded', output, attempt: '', cacheTtlMs });
    },
    /** Lets the time come when the collector looks at all blobs, and looks. */
    async collect(): Promise<void> {
      const key = `${world.prefix}blobs`;
      for (const blob of await connection.zrange(key, '0', '-1')) await connection.zadd(key, 'XX', 0, blob);
      await collector.collectOnce();
    },
    /** Lets the data of a run expire. */
    forget: (run: string) => connection.del(`${world.prefix}data:${run}`),
    left: async () => (await world.keys()).filter((key) => key.startsWith('blob')),
  };
}

test('a blob stays as long as the data of its run, whatever the collector looks at, and goes then', async (t) => {
  const world = await newWorld(t);
  const id = await world.submitLarge();
  await world.collect();
  t.is(await world.files(), 1, 'queued');
  await world.succeedLarge(id);
  await world.collect();
  t.is(await world.files(), 2, 'within its retention');
  const job = await world.read(id);
  t.is(await world.texts.read(job.output ?? ''), LARGE);
  t.is(await world.texts.read(job.input ?? ''), LARGE);
  await world.forget(id);
  await world.collect();
  t.is(await world.files(), 0);
  t.deepEqual(await world.left(), []);
  t.deepEqual(world.faults, []);
});

test('an output is not thrown away where it was settled, though its worker hears that it came too late', async (t) => {
  const world = await newWorld(t);
  const id = await world.submitLarge();
  const run = await world.start(id);
  const output = await world.texts.keep(id, LARGE);
  const outcome = { kind: 'succeeded', output, attempt: '', cacheTtlMs: 0 } as const;
  t.like(await world.settle(run, outcome), { kind: 'settled' });
  // Its answer was lost with the connection, and it was sent again.
  t.like(await world.settle(run, outcome), { kind: 'stale' });
  await world.texts.discard(output);
  t.is(await world.texts.read((await world.read(id)).output ?? ''), LARGE);
  const late = await world.texts.keep(id, LARGE);
  await world.texts.discard(late);
  t.is(await world.files(), 2);
});

test('at its end a run says when to look: when its data expire', async (t) => {
  const world = await newWorld(t, ', retention: 100');
  const id = await world.submitLarge();
  t.is((await connection.zrange(`${world.prefix}blobs`, '0', '-1', 'WITHSCORES'))[1], 'inf');
  await world.succeedLarge(id);
  const [, first, , second] = await connection.zrange(`${world.prefix}blobs`, '0', '-1', 'WITHSCORES');
  for (const score of [first, second]) t.true(Math.abs(Number(score) - Date.now() - 100_000) < 20_000);
});

test('a retried job and one that goes on after a handover hold the blob that was another run’s', async (t) => {
  const world = await newWorld(t);
  const leader = await world.submitLarge('same');
  const heir = await world.submitLarge('same');
  t.is(await world.files(), 2);
  await world.fail(await world.start(leader), 'handover');
  await world.retry(leader);
  await world.forget(leader);
  await world.collect();
  t.is(await world.files(), 1, 'that of the job that joined was not needed');
  for (const run of [heir, `${leader}~1`])
    t.is(await world.texts.read((await world.start(run)).input), LARGE);
  await world.forget(heir);
  await world.collect();
  t.is(await world.files(), 1);
  await world.forget(`${leader}~1`);
  await world.collect();
  t.is(await world.files(), 0);
  t.deepEqual(await world.left(), []);
});

test('a hit prolongs the life of the output’s blob', async (t) => {
  const world = await newWorld(t, ', retention: 100');
  const id = await world.submitLarge('same');
  await world.succeedLarge(id, 60_000);
  // As for a model whose retention has grown since.
  await connection.pexpire(`${world.prefix}data:${id}`, 1000);
  const [known = ''] = await connection.keys(`${world.prefix}cache:*`);
  await connection.set(known, `${id} ${Date.now() + 1000}`, 'KEEPTTL');
  await world.submitLarge('same');
  await world.collect();
  const [, score] = await connection.zrange(`${world.prefix}blobs`, '0', '0', 'WITHSCORES');
  t.true(Number(score) > Date.now() + 50_000);
});

test('what a process left that died before anybody referred to it goes an hour later, and not before', async (t) => {
  const world = await newWorld(t);
  const id = newJobId(world.code, Date.now(), new Uint8Array(16));
  await world.texts.keep(id, LARGE);
  const [, score] = await connection.zrange(`${world.prefix}blobs`, '0', '0', 'WITHSCORES');
  const seconds = (Number(score) - Date.now()) / 1000;
  t.true(seconds > 3500 && seconds <= 3601, `${seconds} s`);
  t.is(await world.files(), 1);
  await world.collect();
  t.is(await world.files(), 0);
  t.deepEqual(await world.left(), []);
});

test('a blob that cannot be removed now stays in the index', async (t) => {
  const world = await newWorld(t);
  const { prefix } = world;
  await connection.zadd(`${prefix}blobs`, 0, 'a.key/that.is/refused');
  await world.collect();
  t.is(world.faults.length, 1);
  t.true(Number(await connection.zscore(`${prefix}blobs`, 'a.key/that.is/refused')) > Date.now());
});

test('results of a megabyte take Redis less than a hundredth of their bytes', async (t) => {
  const world = await newWorld(t, ', cache: {scope: off}');
  const output = JSON.stringify('y'.repeat(1_000_000));
  const results = 50;
  for (let at = 0; at < results; at++) {
    const id = await world.submitLarge();
    const kept = await world.texts.keep(id, output);
    await world.settle(await world.start(id), {
      kind: 'succeeded',
      output: kept,
      attempt: '',
      cacheTtlMs: 0,
    });
  }
  const sizes = await Promise.all(
    (await world.keys()).map((key) => connection.memory('USAGE', world.prefix + key)),
  );
  const bytes = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
  t.log(`${bytes} bytes in Redis for ${results * output.length}`);
  t.true(bytes < (results * output.length) / 100);
});
