import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Job, Worker } from 'bullmq';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { isTerminal } from '../../shared/job-status.ts';
import type { StartedRun } from '../../shared/ports.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { randomFrom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { createSweeperWorld } from './sweeper-world.ts';

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));
const JOBS = Number(process.env['INFERQ_JOBS'] ?? 300);
const TOKEN = 'a worker';

test('wherever API, worker and BullMQ die between two steps, every job ends, and nothing is left behind', async (t) => {
  t.timeout(120_000);
  t.log(`INFERQ_SEED=${seed}`);
  const chance = randomFrom(seed);
  const { world, queue, sweeper, runs, lookNow, work } = createSweeperWorld(t, connection);
  const stopping = new AbortController();
  const ids: string[] = [];
  let deaths = 0;
  const dies = (): boolean => {
    const dead = chance() < 0.12;
    if (dead) deaths += 1;
    return dead;
  };

  async function client(): Promise<void> {
    const delay = chance() < 0.1 ? 0.3 : 0;
    const ttl = chance() < 0.1 ? { ttl: 0.2 } : {};
    const { id, admission } = await world.submit({ input: Math.floor(chance() * JOBS * 0.6), delay, ...ttl });
    // Refused: too many are before it to start within its ttl.
    if (admission.kind === 'late') return;
    ids.push(id);
    if (admission.kind === 'queued' && !dies())
      await queue.add(id, { priority: admission.priority, delayMs: delay * 1000 });
    if (chance() > 0.15) return;
    await sleep(chance() * 200);
    await world.store.leave(id, 'canceled');
    if (chance() < 0.5 || dies()) return;
    const again = await world.retry(id);
    if (again.kind === 'queued' && !dies())
      await queue.add(again.job.run, { priority: again.priority, delayMs: 0 });
  }

  /** One run of a worker; wherever it dies it leaves all as it is. */
  async function attempt(job: Job): Promise<void> {
    if (job.deferredFailure)
      return void (await job.moveToFailed(new Error(job.deferredFailure), TOKEN, false));
    if (dies()) return;
    const run = await world.store.start(job.id ?? '', TOKEN);
    if (!run) return void (await job.moveToCompleted(null, TOKEN, false));
    if (dies()) return;
    const settled = await settle(run);
    if (dies()) return;
    if (settled.kind === 'handover') await queue.add(settled.run, { priority: settled.priority, delayMs: 0 });
    if (settled.kind === 'queued') await job.moveToDelayed(Date.now() + 20, TOKEN);
    else await job.moveToCompleted(null, TOKEN, false);
  }

  function settle(run: StartedRun) {
    const fate = chance();
    if (fate < 0.6) return world.succeed(run, 'done', 0);
    if (fate < 0.8 && run.spent < 3) return world.putBack(run);
    return world.fail(run, fate < 0.9 ? 'failed' : 'handover');
  }

  async function worker(bull: Worker): Promise<void> {
    while (!stopping.signal.aborted) {
      const job = await bull.getNextJob(TOKEN, { block: false });
      // Whoever has lost the lock meanwhile is told so by BullMQ.
      if (job)
        await attempt(job).catch((error: Error) => t.regex(error.message, /lock|not in the active|Missing/i));
      else await sleep(5);
    }
  }

  const workers = [1, 2, 3].map(() =>
    work(undefined, { autorun: false, lockDuration: 200, stalledInterval: 200, maxStalledCount: 2 }),
  );
  for (const bull of workers) await bull.startStalledCheckTimer();
  sweeper.start();
  const working = workers.map((bull) => worker(bull));
  for (let from = 0; from < JOBS; from += 30) await Promise.all(Array.from({ length: 30 }, client));
  await allEnd(t, async () => {
    await lookNow();
    return (await connection.zcard(`${world.prefix}runs`)) === 0;
  });
  await until(async () => Object.values(await runs.getJobCounts()).every((count) => count === 0), 20_000);
  stopping.abort();
  await Promise.all(working);

  const jobs = await Promise.all(ids.map((id) => world.read(id)));
  t.deepEqual(
    jobs.filter(({ status }) => !isTerminal(status)),
    [],
  );
  t.log(`${ids.length} jobs, ${deaths} deaths: ${JSON.stringify(countBy(jobs.map(({ status }) => status)))}`);
  t.deepEqual(
    (await world.traces()).filter((key) => !key.startsWith('jobs:')),
    [],
  );
});

async function allEnd(t: ExecutionContext, check: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await check())) {
    if (performance.now() - begun > 60_000) return t.fail('some jobs never end');
    await sleep(200);
  }
}

function countBy(values: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
