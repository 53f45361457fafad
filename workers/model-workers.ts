import { DelayedError, Queue, Worker, type Job } from 'bullmq';
import type { Events } from '../shared/events.ts';
import type { Registry } from '../shared/models/registry.ts';
import type { Claims } from '../shared/redis/claims.ts';
import type { RedisConnection } from '../shared/redis/connection.ts';
import { UNASKED_VERSION } from '../shared/redis/unasked-version.ts';
import { QUEUE_NAME, queuePrefix } from '../shared/redis/work-queue.ts';
import { limitsOf, type Limits } from './model-limits.ts';
import type { BreakOff, Hold, Verdict } from './process-run.ts';
import type { Room } from './room.ts';
import { createRoster } from './roster.ts';
import { createRunClaims, takesMore } from './run-claims.ts';
import { BreakController } from './break-signal.ts';

export interface ModelWorkersParts {
  connection: RedisConnection;
  registry: Registry;
  claims: Claims;
  room: Room;
  process: (run: string, breakOff: BreakController, hold: Hold) => Promise<Verdict>;
  events: Events;
  concurrency: number;
  /** Seconds after which a worker that gives no sign of life loses its runs; it renews its locks at half of it. */
  lockTime: number;
  name: string;
}

/** What Redis refused, or was away for, is tried again so much later. */
const AGAIN_MS = 1000;
/** Each worker hears of all runs that are abandoned, of which few are its own: it keeps so many of the last in mind. */
const MOST_LOST = 1000;

/** One BullMQ worker a model, in step with the registry. */
export function createModelWorkers({
  connection,
  registry,
  claims,
  room,
  process,
  events,
  concurrency,
  lockTime,
  name,
}: ModelWorkersParts) {
  const workers = new Map<string, Worker>();
  const closing = new Set<Promise<void>>();
  const running = createRoster<{ id: string; breakOff: BreakController }>();
  /** Abandoned while this worker did not know to have them: a claim starts a run before its answer is here. */
  const lost = new Set<string>();
  const onError = (error: Error): void => events.emit('redis.failed', { where: 'taking jobs', error });
  let stopped = false;
  let isOver = false;
  let syncing = Promise.resolve();
  let again: NodeJS.Timeout | undefined;

  function open(code: string): Worker {
    const runClaims = createRunClaims({ claims, code, room });
    let inHand = 0;
    const holdOf = (job: Job, token: string): Hold => ({
      begun: runClaims.begun(job.id ?? ''),
      settle: (id, fence, outcome) =>
        runClaims.settle(job, token, { run: id, token: fence }, outcome, takesMore(worker, inHand)),
    });
    const take = async (job: Job, token = ''): Promise<void> => {
      inHand += 1;
      try {
        await run(job, token, holdOf(job, token));
      } finally {
        inHand -= 1;
      }
    };
    const worker: Worker = new Worker(
      QUEUE_NAME,
      // Without the third parameter, for which BullMQ would make a signal a run: only `cancelJob` would abort it.
      (job, token) => take(job, token),
      {
        prefix: queuePrefix(code),
        connection,
        name,
        concurrency,
        lockDuration: lockTime * 1000,
        // A dead worker's runs are found in the second look after its locks have run out.
        stalledInterval: lockTime * 333,
        // Who may have killed its workers is for the record to say: BullMQ would blame whoever was beside it.
        maxStalledCount: 1_000_000,
        ...UNASKED_VERSION,
      },
      runClaims.backend,
    );
    worker.on('error', onError);
    return worker;
  }

  async function run(job: Job, token: string, hold: Hold): Promise<void> {
    const id = job.id ?? '';
    const breakOff = new BreakController();
    const listed = running.add({ id, breakOff });
    // Taken in the moment of the stop, and come too late for the deadline.
    if (isOver) breakOff.abort('draining' satisfies BreakOff);
    if (lost.delete(id)) breakOff.abort('abandoned' satisfies BreakOff);
    try {
      const verdict = await process(id, breakOff, hold);
      if (verdict.kind === 'done') return;
      await job.moveToDelayed(Date.now() + verdict.delayMs, token);
    } finally {
      running.remove(listed);
    }
    throw new DelayedError();
  }

  function noteLost(runId: string): void {
    const [oldest] = lost;
    if (oldest !== undefined && lost.size >= MOST_LOST) lost.delete(oldest);
    lost.add(runId);
  }

  async function limit(code: string, { concurrency: most, rate }: Limits): Promise<void> {
    const queue = new Queue(QUEUE_NAME, {
      prefix: queuePrefix(code),
      connection,
      ...UNASKED_VERSION,
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', onError);
    try {
      await queue.setGlobalConcurrency(most);
      if (rate) await queue.setGlobalRateLimit(rate.limit, Math.round(rate.window * 1000));
      else await queue.removeGlobalRateLimit();
    } finally {
      await queue.close();
    }
  }

  /** One after the other: an earlier state of the registry must not close what a later one has opened. */
  function sync(): Promise<void> {
    syncing = syncing.then(syncNow, syncNow);
    return syncing;
  }

  async function syncNow(): Promise<void> {
    clearTimeout(again);
    if (stopped) return;
    const wanted = limitsOf(registry.list());
    // First: what is taken of a model that is gone is put back, and counts as started from then on.
    for (const [code, worker] of workers) {
      if (wanted.has(code)) continue;
      workers.delete(code);
      close(worker);
    }
    // Together: in a cluster one model's node may be away, which is nothing to the others.
    const served = await Promise.all([...wanted].map(([code, limits]) => serve(code, limits)));
    if (!stopped && served.includes(false)) again = setTimeout(() => void sync(), AGAIN_MS);
  }

  /** Answers whether it is so. */
  async function serve(code: string, limits: Limits): Promise<boolean> {
    try {
      await limit(code, limits);
    } catch (error) {
      events.emit('redis.failed', { where: 'opening workers', error });
      return false;
    }
    // A worker that was opened after the stop would be closed by nobody.
    if (stopped) return true;
    const worker = workers.get(code) ?? open(code);
    workers.set(code, worker);
    worker.concurrency = Math.min(concurrency * limits.batch, Math.max(concurrency, limits.concurrency));
    return true;
  }

  /** What runs there may take long, and goes on. */
  function close(worker: Worker): void {
    const closed = worker.close().catch(onError);
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  }

  return {
    /** Opens and closes workers as the registry says; what fails is told, and tried again until it is so. */
    sync,
    /** Breaks off the call of a run that nobody waits for any more. */
    abandon(runId: string): void {
      // One that was lost and taken again is here twice.
      const own = running.all().filter(({ id }) => id === runId);
      for (const { breakOff } of own) breakOff.abort('abandoned' satisfies BreakOff);
      if (own.length === 0) noteLost(runId);
    },
    /** How many runs are in hand. */
    underWay: (): number => running.size,
    /** Takes no new runs, lets what runs finish until the deadline, then puts it back. */
    async stop(deadlineMs: number): Promise<void> {
      stopped = true;
      clearTimeout(again);
      const timer = setTimeout(() => {
        isOver = true;
        for (const { breakOff } of running.all()) breakOff.abort('draining' satisfies BreakOff);
      }, deadlineMs);
      for (const worker of workers.values()) close(worker);
      await Promise.all(closing);
      clearTimeout(timer);
      workers.clear();
    },
  };
}
