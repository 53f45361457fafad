import { setTimeout as sleep } from 'node:timers/promises';
import type { JobStore } from '../ports.ts';
import type { Charges } from './charges.ts';
import type { RedisConnection } from './connection.ts';
import { createFailedRuns } from './failed-runs.ts';
import type { Outbox } from './outbox.ts';
import { createSweeperLease } from './sweeper-lease.ts';
import { createUpkeep } from './upkeep.ts';
import type { WorkQueue } from './work-queue.ts';

/** A job is expired so much late at most, while Redis and the holder of the lease are well. */
const SWEEP_EVERY_MS = 500;
/** By then whoever ended a job has handed its webhook over, or has died. */
const LEFT_OVER_AFTER_MS = 5000;
const MODELS_AT_ONCE = 8;

export interface SweeperParts {
  redis: RedisConnection;
  store: JobStore;
  queue: WorkQueue;
  outbox: Outbox;
  charges: Charges;
  /** The codes of the models that are served. */
  codes: () => readonly string[];
  name: string;
  onError: (error: unknown) => void;
}

/**
 * Closes the gaps that a death between two steps leaves: open runs that BullMQ does not know, jobs past their ttl,
 * runs that BullMQ gave up, webhooks owed, prices owed. One worker at a time does it, by lease; doing it twice is harmless.
 */
export function createSweeper(parts: SweeperParts) {
  const stopping = new AbortController();
  const lease = createSweeperLease(parts.redis, parts.name);
  const upkeep = createUpkeep(parts.redis);
  const failedRuns = createFailedRuns(parts);
  let sweeping = Promise.resolve();
  let inCare: readonly string[] | undefined;

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(SWEEP_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await sweepOnce().catch(parts.onError);
    }
  }

  async function sweepOnce(): Promise<void> {
    const codes = parts.codes();
    if (codes.length === 0 || !(await lease.hold(codes))) {
      inCare = undefined;
      return;
    }
    // All are asked at once, in one flush of the connection: an idle model costs no round trip of its own.
    const idle = await Promise.all(codes.map((code) => upkeep.isIdle(code)));
    const busy = codes.filter((_, index) => idle[index] === false);
    inCare = [...busy];
    await Promise.all(Array.from({ length: MODELS_AT_ONCE }, () => sweepNext(busy)));
  }

  /** A fault in one model or one step is told and keeps nothing else from being swept. */
  async function sweepNext(busy: string[]): Promise<void> {
    for (let code = busy.pop(); code !== undefined; code = busy.pop()) {
      for (const step of [expire, failedRuns.settle, addLost, sendLeftOver, parts.charges.settle]) {
        if (!stopping.signal.aborted) await step(code).catch(parts.onError);
      }
    }
  }

  async function expire(code: string): Promise<void> {
    for await (const jobs of upkeep.expire(code)) {
      const owed = jobs.filter((job) => job.owed).map(({ id }) => parts.outbox.send(id));
      const runs = jobs.flatMap(({ abandoned }) =>
        abandoned === undefined ? [] : [parts.queue.remove(abandoned)],
      );
      await Promise.all([...owed, ...runs]);
    }
  }

  async function addLost(code: string): Promise<void> {
    for await (const runs of upkeep.lostRuns(code)) {
      await Promise.all(
        runs.map(({ run, priority, delayMs }) => parts.queue.add(run, { priority, delayMs })),
      );
    }
  }

  async function sendLeftOver(code: string): Promise<void> {
    while ((await parts.outbox.sendLeftOver(code, LEFT_OVER_AFTER_MS)) > 0)
      if (stopping.signal.aborted) return;
  }

  return {
    start(): void {
      sweeping = loop();
    },
    sweepOnce,
    /** The models of which something may need care; undefined where another worker sweeps. */
    inCare: () => inCare,
    async stop(): Promise<void> {
      stopping.abort();
      await sweeping;
      await lease.release().catch(parts.onError);
    },
  };
}
