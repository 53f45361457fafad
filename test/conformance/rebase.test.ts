import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createUpkeep } from '../../shared/redis/upkeep.ts';
import { createJobWorld, type JobWorld } from '../support/job-world.ts';
import { createBullWorld, type BullWorld } from './bull-world.ts';
import { createFairOrder } from './fair-order.ts';

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

/** BullMQ's priorities end at 2,097,151; the base follows when three quarters are used. */
const THREE_QUARTERS = 1_572_863;
const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));

function open(t: ExecutionContext): { world: JobWorld; bull: BullWorld } {
  const world = createJobWorld(connection, ', cache: {scope: "off"}');
  const bull = createBullWorld(world);
  t.teardown(() => bull.close());
  return { world, bull };
}

const baseOf = async ({ prefix }: JobWorld): Promise<number> =>
  Number((await connection.hget(`${prefix}state`, 'base'))?.split(' ')[0] ?? 0);
const isRebasing = async ({ prefix }: JobWorld): Promise<boolean> =>
  (await connection.hget(`${prefix}state`, 'base'))?.includes(' ') ?? false;

async function turnClock({ prefix }: JobWorld, to: number): Promise<void> {
  await connection.hset(`${prefix}state`, 'clock', to);
}

/** Each submission moves some runs; answers how many it took. */
async function rebaseWholly(world: JobWorld, bull: BullWorld, tenant = 'else'): Promise<number> {
  let submissions = 0;
  do {
    await bull.submit({ tenant, priority: 'low' });
    submissions += 1;
  } while (await isRebasing(world));
  return submissions;
}

test('over the end of the range, three times, jobs start in the order of endless numbers', async (t) => {
  t.timeout(120_000);
  t.log(`INFERQ_SEED=${seed}`);
  const random = fc.sample(
    fc.record({
      tenant: fc.oneof(fc.constant('flood'), fc.nat({ max: 15 }).map(String)),
      priority: fc.constantFrom('high', 'normal', 'normal', 'low'),
      weight: fc.constantFrom(0.1, 1, 1, 3, 1000),
      starts: fc.constantFrom(0, 1, 1, 2),
    }),
    { seed, numRuns: 1800 },
  );
  const { world, bull } = open(t);
  const order = createFairOrder();
  const bases = new Set<number>();
  let whileRebasing = 0;
  const turn = async (to: number): Promise<void> => {
    order.turnClock(to);
    await turnClock(world, to);
  };
  await turn(THREE_QUARTERS - 20);
  for (const [step, { starts, ...options }] of random.entries()) {
    // Once the clock gets there by itself, amid a long queue; twice it jumps, and all that wait are overdue.
    if (step === 1200 || step === 1500) await turn((await baseOf(world)) + THREE_QUARTERS + 1);
    order.admit(await bull.submit(options), options);
    const served = step > 600 ? starts : 0;
    for (let start = 0; start < served && order.waiting.length > 1; start++)
      t.is(await bull.workOff(), order.start());
    if (await isRebasing(world)) whileRebasing += 1;
    bases.add(await baseOf(world));
  }
  while (order.waiting.length > 0)
    if ((await bull.workOff()) !== order.start()) t.fail('out of order at the end');
  t.true(bases.size >= 4, `the base moved ${bases.size - 1} times`);
  t.log(`${whileRebasing} came while the priorities were rebased`);
  t.deepEqual(
    (await world.traces()).filter((key) => !key.startsWith('jobs:')),
    [],
  );
});

test('who comes while jobs of the very same priority are half moved starts after all of them', async (t) => {
  const { world, bull } = open(t);
  const order = createFairOrder();
  const submit = async (tenant: string): Promise<void> => {
    const options = { tenant, priority: 'normal', weight: 1000 } as const;
    order.admit(await bull.submit(options), options);
  };
  order.turnClock(THREE_QUARTERS);
  await turnClock(world, THREE_QUARTERS);
  for (let at = 0; at < 550; at++) await submit('many');
  for (let at = 0; at < 260; at++) t.is(await bull.workOff(), order.start());
  // The first begins, the second does the delayed ones, the third moves some; then all that were moved start.
  for (let at = 0; at < 3; at++) await submit(`tenant ${at}`);
  t.true(await isRebasing(world));
  for (let at = 0; at < 70; at++) t.is(await bull.workOff(), order.start());
  for (let at = 3; at < 10; at++) await submit(`tenant ${at}`);
  t.true((await baseOf(world)) > 0);
  while (order.waiting.length > 0) t.is(await bull.workOff(), order.start());
});

test('who comes during a rebase has the place that is his share', async (t) => {
  const { world, bull } = open(t);
  for (let at = 0; at < 300; at++) await bull.submit({ tenant: 'flood' });
  await turnClock(world, THREE_QUARTERS + 1000);
  await bull.submit({ tenant: 'flood' });
  t.true(await isRebasing(world));
  await bull.workOff();
  const light = await bull.submit({ tenant: 'light', priority: 'high' });
  t.true(await isRebasing(world));
  // The flood's jobs are from before the clock moved so far; the light tenant's is the first after them.
  for (let at = 0; at < 299; at++) t.not(await bull.workOff(), light);
  t.is(await bull.workOff(), light);
});

test('a delayed job keeps its place over a rebase', async (t) => {
  const { world, bull } = open(t);
  await bull.submit({ tenant: 'first' });
  await turnClock(world, THREE_QUARTERS - 10);
  const delayed: string[] = [];
  for (let at = 0; at < 200; at++) delayed.push(await bull.submit({ tenant: 'waits', delay: 1.5 }));
  for (let at = 0; at < 150; at++) await bull.submit({ tenant: 'flood' });
  await turnClock(world, THREE_QUARTERS + 10);
  await rebaseWholly(world, bull);
  t.true((await baseOf(world)) > 0);
  await sleep(1700);
  const started: string[] = [];
  for (let run = await bull.workOff(); run !== undefined; run = await bull.workOff()) started.push(run);
  const places = delayed.map((run) => started.indexOf(run));
  t.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  // Both tenants have the same share, so their jobs take turns.
  const between = started.slice(0, 200).filter((run) => delayed.includes(run)).length;
  t.true(between > 80 && between < 120, `${between} of the first 200`);
});

test('what BullMQ was told too late, with a priority from before, is put right by the first look', async (t) => {
  const { world, bull } = open(t);
  await bull.submit({ tenant: 'flood' });
  await turnClock(world, THREE_QUARTERS - 100);
  const { id, admission } = await world.submit({ tenant: 'late' });
  for (let at = 0; at < 200; at++) await bull.submit({ tenant: 'flood' });
  await turnClock(world, THREE_QUARTERS + 10);
  await rebaseWholly(world, bull);
  await bull.queue.add(id, { priority: admission.kind === 'queued' ? admission.priority : 0, delayMs: 0 });
  t.is((await world.read(id)).queue?.position, await connection.zcard(`${world.prefix}jobs:prioritized`));
  await connection.zadd(`${world.prefix}runs`, 'XX', 0, id);
  for await (const lost of createUpkeep(connection).lostRuns(world.code)) t.deepEqual(lost, []);
  t.true(((await world.read(id)).queue?.position ?? 0) < 10);
});

test('a run that is put back after a rebase is not put behind everything', async (t) => {
  const { world, bull } = open(t);
  await bull.submit({ tenant: 'flood' });
  await turnClock(world, THREE_QUARTERS - 100);
  const id = await bull.submit({ tenant: 'retries', priority: 'high' });
  for (let at = 0; at < 200; at++) await bull.submit({ tenant: 'flood' });
  await bull.workOff();
  const job = await bull.take();
  t.is(job?.id, id);
  const run = await world.start(id);
  await turnClock(world, THREE_QUARTERS + 10);
  await rebaseWholly(world, bull);
  await world.putBack(run);
  if (job) await bull.giveBack(job);
  await sleep(20);
  t.is(await bull.workOff(), id);
});

test('a rebase is done in small steps, however many jobs wait', async (t) => {
  t.timeout(120_000);
  const { world, bull } = open(t);
  await bull.submit();
  const count = Number(process.env['INFERQ_QUEUED'] ?? 5000);
  await fill(world, count);
  await connection.config('SET', 'slowlog-log-slower-than', '0');
  await connection.config('SET', 'slowlog-max-len', '100000');
  await connection.slowlog('RESET');
  await turnClock(world, THREE_QUARTERS + 10);
  const submissions = await rebaseWholly(world, bull);
  const times = await scriptTimes();
  await connection.config('SET', 'slowlog-log-slower-than', '-1');
  const [median, slow, slowest] = [0.5, 0.99, 1].map(
    (part) => (times[Math.ceil(part * times.length) - 1] ?? 0) / 1000,
  );
  t.log(
    `${count} queued: ${submissions} submissions; scripts took ${median} ms, p99 ${slow} ms, at most ${slowest} ms`,
  );
  // The times are the machine's; that no step moves more than its part is ours.
  t.true(submissions > count / 100);
  const [, lowest] = await connection.zrange(`${world.prefix}jobs:prioritized`, '0', '0', 'WITHSCORES');
  t.is(Math.floor(Number(lowest) / 2 ** 32), 1);
});

/** Puts runs where the scripts and BullMQ would have put them, half of them delayed. */
async function fill({ prefix }: JobWorld, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1000) {
    const pipeline = connection.pipeline();
    for (let at = from; at < from + 1000; at++) {
      const run = `filler-${at}`;
      const tag = 1_500_000 + at;
      pipeline.hset(`${prefix}jobs:${run}`, { name: 'run', data: '{}', opts: '{}', priority: tag });
      pipeline.hset(`${prefix}job:${run}`, { status: 'queued', tag, facts: '1 1000 0 - - {}\na' });
      if (at % 2) pipeline.zadd(`${prefix}jobs:prioritized`, tag * 2 ** 32 + at, run);
      else pipeline.zadd(`${prefix}jobs:delayed`, (Date.now() + 1e7 + at) * 4096, run);
    }
    await pipeline.exec();
  }
}

/** In microseconds, the shortest first. */
async function scriptTimes(): Promise<number[]> {
  const entries: unknown = await connection.slowlog('GET', -1);
  if (!Array.isArray(entries)) return [];
  const scripts = entries.filter((entry: unknown[]) => String(entry[3]).startsWith('eval'));
  return scripts.map((entry: unknown[]) => Number(entry[2])).toSorted((a, b) => a - b);
}
