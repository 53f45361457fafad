import { randomBytes, randomInt } from 'node:crypto';
import test from 'ava';
import * as fc from 'fast-check';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { isLegal, type JobStatus } from '../../shared/job-status.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobWorld, type JobWorld } from '../support/job-world.ts';
import { actions, type Action } from './job-actions.ts';
import { createJobModel, type JobModel } from './job-model.ts';
import { createJobPlayer, type Played } from './job-player.ts';

const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));
const numRuns = Number(process.env['INFERQ_RUNS'] ?? 250);
const MS_PER_HISTORY = 75;

// Durability is another test's; without it a few hundred histories take seconds.
const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
const subscriber = connect(redis.url, PATIENT);
test.after.always(async () => {
  subscriber.disconnect();
  await connection.quit();
  await redis.stop();
});

const replica = randomBytes(4).toString('hex');
const channel = `inferq:wake:${replica}`;

test('whatever happens in whatever order, the store does what the state machine says', async (t) => {
  t.log(`INFERQ_SEED=${seed}`);
  await subscriber.subscribe(channel);
  const until = performance.now() + numRuns * MS_PER_HISTORY;
  let histories = 0;
  const property = fc.asyncProperty(actions, async (steps) => {
    // On a busy machine there are fewer; the shrinking of a failure ends here too.
    if (performance.now() > until) return;
    histories += 1;
    await play(steps);
  });
  const result = await fc.check(property, { seed, numRuns });
  t.log(`${histories} histories`);
  if (result.failed) t.log(`path ${result.counterexamplePath}: ${JSON.stringify(result.counterexample)}`);
  t.false(result.failed, String(result.errorInstance));
});

async function play(steps: readonly Action[]): Promise<void> {
  const world = createJobWorld(connection);
  const model = createJobModel();
  const player = createJobPlayer(world, model, replica);
  const seen = new Map<string, JobStatus>();
  const messages = listen();

  async function check(played: Played | undefined, where: string): Promise<void> {
    if (played) same(played.did, played.must, where);
    await compareJobs(world, model, seen, where);
    await compareIndexes(world, model, where);
    const told = await messages.take();
    for (const run of model.woken) same(told.has(run), true, `wake-up for ${run} after ${where}`);
    model.woken.clear();
  }

  try {
    for (const [index, step] of steps.entries())
      await check(await player.play(step), `step ${index}, ${JSON.stringify(step)}`);
    for await (const played of player.conclude()) await check(played, 'a step of the conclusion');
    same(await world.traces(), [], 'what is left of all');
  } finally {
    messages.stop();
  }
}

async function compareJobs(
  world: JobWorld,
  model: JobModel,
  seen: Map<string, JobStatus>,
  where: string,
): Promise<void> {
  const found = await Promise.all([...model.jobs.keys()].map((id) => world.read(id)));
  for (const [index, job] of [...model.jobs.values()].entries()) {
    const { status, attempts, output, error, run, endedAt } = found[index] ?? {};
    same(
      { status, attempts, output, failed: error !== null, run, ended: endedAt !== null },
      {
        status: job.status,
        attempts: job.attempts,
        output: job.output,
        failed: job.failed,
        run: job.run,
        ended: job.status !== 'queued' && job.status !== 'running',
      },
      `${job.id} after ${where}`,
    );
    const before = seen.get(job.id) ?? null;
    if (before !== job.status)
      same(isLegal(before, job.status), true, `${before} → ${job.status} after ${where}`);
    seen.set(job.id, job.status);
  }
}

async function compareIndexes({ prefix }: JobWorld, model: JobModel, where: string): Promise<void> {
  const [state, runs, outbox, due] = await Promise.all([
    connection.hgetall(`${prefix}state`),
    connection.zrange(`${prefix}runs`, '0', '-1'),
    connection.zrange(`${prefix}outbox`, '0', '-1'),
    connection.zrange(`${prefix}due`, '0', '-1'),
  ]);
  const jobs = [...model.jobs.values()];
  const queued = jobs.filter(({ status }) => status === 'queued');
  const depth = Object.fromEntries(Object.entries(state).filter(([field]) => /^(?:\*$|t:)/.test(field)));
  same(depth, depthOf(queued.map(({ tenant }) => tenant)), `the backlog after ${where}`);
  same(runs.toSorted(), [...model.runs.keys()].toSorted(), `open runs after ${where}`);
  const owed = jobs.flatMap(({ id, ends, hooks }) =>
    ends.filter((end) => hooks.includes(end)).map((end) => `${id}:${end}`),
  );
  same(
    outbox.map((entry) => entry.replace(/:\d+$/, '')).toSorted(),
    owed.toSorted(),
    `the outbox after ${where}`,
  );
  same(new Set(outbox).size, owed.length, `one entry for each end after ${where}`);
  const bounded = queued.filter(({ ttl, started }) => ttl && !started).map(({ id }) => id);
  same(due.toSorted(), bounded.toSorted(), `jobs with a ttl after ${where}`);
}

function depthOf(tenants: string[]): Record<string, string> {
  const depth: Record<string, string> = {};
  for (const field of [...tenants.map(() => '*'), ...tenants.map((tenant) => `t:${tenant}`)])
    depth[field] = String(Number(depth[field] ?? 0) + 1);
  return depth;
}

/** The runs of which this replica was told; what was published before is here when `take` resolves. */
function listen() {
  let told = new Set<string>();
  let arrived: (() => void) | undefined;
  const onMessage = (_: string, message: string): void => {
    const [run = ''] = message.split(' ');
    if (run === 'fence') arrived?.();
    else told.add(run);
  };
  subscriber.on('message', onMessage);
  return {
    async take(): Promise<ReadonlySet<string>> {
      const fence = new Promise<void>((resolve) => (arrived = resolve));
      await Promise.all([connection.publish(channel, 'fence'), fence]);
      const taken = told;
      told = new Set();
      return taken;
    },
    stop: () => subscriber.off('message', onMessage),
  };
}

function same(did: unknown, must: unknown, what: string): void {
  const [found, expected] = [did, must].map((value) => JSON.stringify(sorted(value)));
  if (found !== expected) throw new Error(`${what}: is ${found}, must be ${expected}`);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
