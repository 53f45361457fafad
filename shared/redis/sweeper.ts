import { setTimeout as sleep } from 'node:timers/promises';
import { ERRORS } from '../errors.ts';
import type { JobStore } from '../ports.ts';
import type { StoredJob } from '../stored-job.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix, ownerOfRun } from './keys.ts';
import type { Outbox } from './outbox.ts';
import { QUEUE_NAME, type WorkQueue } from './work-queue.ts';

const SWEEP_EVERY_MS = 1000;
const LEASE_MS = 5000;
const BATCH = 200;
const LEASE_KEY = 'inferq:sweeper';

export interface SweeperParts {
  redis: RedisConnection;
  store: JobStore;
  queue: WorkQueue;
  outbox: Outbox;
  /** The codes of the models that are served. */
  codes: () => readonly string[];
  name: string;
  onError: (error: unknown) => void;
}

/**
 * Closes the gaps that a death between two steps leaves: queued records that BullMQ does not know, jobs past their
 * ttl, runs that BullMQ gave up, webhooks owed. One worker at a time does it, by lease; doing it twice is harmless.
 */
export function createSweeper(parts: SweeperParts) {
  const stopping = new AbortController();
  let sweeping = Promise.resolve();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(SWEEP_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await sweepOnce().catch(parts.onError);
    }
  }

  async function sweepOnce(): Promise<void> {
    if (!(await holdLease(parts.redis, parts.name))) return;
    for (const code of parts.codes()) {
      for (const id of await dueJobs(parts.redis, code)) await mend(parts, code, id);
      await parts.outbox.sendLeftOver(code, 5000);
    }
  }

  return {
    start(): void {
      sweeping = loop();
    },
    sweepOnce,
    async stop(): Promise<void> {
      stopping.abort();
      await sweeping;
    },
  };
}

async function holdLease(redis: RedisConnection, name: string): Promise<boolean> {
  if ((await redis.set(LEASE_KEY, name, 'PX', LEASE_MS, 'NX')) === 'OK') return true;
  if ((await redis.get(LEASE_KEY)) !== name) return false;
  await redis.pexpire(LEASE_KEY, LEASE_MS);
  return true;
}

async function dueJobs(redis: RedisConnection, code: string): Promise<string[]> {
  return redis.zrangebyscore(`${keyPrefix(code)}due`, '-inf', await redisNow(redis), 'LIMIT', 0, BATCH);
}

async function redisNow(redis: RedisConnection): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** Looks at one job whose time has come, and says when to look again. */
async function mend({ redis, store, queue, outbox }: SweeperParts, code: string, id: string): Promise<void> {
  const due = `${keyPrefix(code)}due`;
  const job = await store.read(id);
  if (!job || (job.status !== 'queued' && job.status !== 'running')) {
    await redis.zrem(due, id);
    return;
  }
  const left = await store.leave(id, 'expired');
  if (left.kind === 'left') {
    await outbox.send(id);
    if (left.abandoned) await queue.remove(left.run);
    return;
  }
  // A run is looked after by its owner's entry; a job that joined is here for its ttl alone.
  if (ownerOfRun(job.run) === id) await mendRun({ redis, store, queue, outbox }, code, job);
  const again = nextLook(job, await redisNow(redis));
  if (again === undefined) await redis.zrem(due, id);
  else await redis.zadd(due, 'XX', again, id);
}

async function mendRun(
  { redis, store, queue, outbox }: Pick<SweeperParts, 'redis' | 'store' | 'queue' | 'outbox'>,
  code: string,
  job: StoredJob,
): Promise<void> {
  const bull = `${keyPrefix(code)}${QUEUE_NAME}`;
  const [known, failed] = await Promise.all([
    redis.exists(`${bull}:${job.run}`),
    redis.zscore(`${bull}:failed`, job.run),
  ]);
  if (known === 1 && failed === null) return;
  if (failed !== null) {
    const reason = await redis.hget(`${bull}:${job.run}`, 'failedReason');
    // Anything else is a fault of the worker between two steps: the run goes back into the queue.
    if (reason?.includes('stalled')) await settleLost({ redis, store, outbox }, code, job);
    await queue.remove(job.run);
  }
  const now = await store.read(job.id);
  if (now?.status !== 'queued' && now?.status !== 'running') return;
  const [priority] = await redis.hmget(`${keyPrefix(code)}job:${job.id}`, 'priority');
  const delayMs = Math.max(0, job.createdAt + (job.spec.delay ?? 0) * 1000 - (await redisNow(redis)));
  await queue.add(job.run, {
    priority: Number(priority ?? 1),
    delayMs: job.startedAt === null ? delayMs : 0,
  });
}

/** BullMQ fails a run by itself only when its workers died too often. */
async function settleLost(
  { redis, store, outbox }: Pick<SweeperParts, 'redis' | 'store' | 'outbox'>,
  code: string,
  job: StoredJob,
): Promise<void> {
  const token = await redis.hget(`${keyPrefix(code)}run:${job.run}`, 'token');
  if (token === null) return;
  const { status, title, retryable } = ERRORS.worker_lost;
  const detail = `The job was started ${job.attempts} times and each time its worker died or lost its lock.`;
  const error = {
    type: 'urn:inferq:error:worker_lost',
    title,
    status,
    detail,
    error_type: 'worker_lost',
    retryable,
  };
  const settled = await store.settle(job.run, Number(token), {
    kind: 'failed',
    error: JSON.stringify({ ...error, attempt: job.attempts }),
    attempt: '',
  });
  if (settled.kind === 'settled') for (const id of settled.owed) await outbox.send(id);
}

/** When a job must be looked at again: soon while it runs, at its deadline while it waits. */
function nextLook(job: StoredJob, now: number): number | undefined {
  if (job.status === 'running') return now + 60_000;
  return job.startedAt === null ? (job.expiresAt ?? undefined) : now + 60_000;
}
