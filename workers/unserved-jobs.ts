import { setTimeout as sleep } from 'node:timers/promises';
import { InferqError } from '../shared/errors.ts';
import type { Events } from '../shared/events.ts';
import { toJobError } from '../shared/job-error.ts';
import type { JobStore } from '../shared/ports.ts';
import type { KnownCodes } from '../shared/redis/known-codes.ts';
import type { Outbox } from '../shared/redis/outbox.ts';
import { UNKNOWN_FOR_MS, type UnservedModels } from '../shared/redis/unserved-models.ts';
import type { Upkeep } from '../shared/redis/upkeep.ts';
import type { WorkQueue } from '../shared/redis/work-queue.ts';
import { accountOf, tellEnd, type RunInHand } from './run-account.ts';

/** Longer than it takes until what is suspected is denied (presence.ts, vouching.ts). */
const LOOK_EVERY_MS = 10_000;

export interface UnservedJobsParts {
  store: JobStore;
  queue: WorkQueue;
  outbox: Outbox;
  upkeep: Upkeep;
  unserved: UnservedModels;
  knownCodes: KnownCodes;
  /** The codes of all models that there were. */
  codes: () => readonly string[];
  /** Those of which something may need care; undefined where another worker looks after them. */
  inCare: () => readonly string[] | undefined;
  /** Those of the models whose runs this worker takes. */
  served: () => ReadonlySet<string>;
  events: Events;
  worker: string;
  onError: (error: unknown) => void;
  /** How long jobs wait for a worker that serves their model. */
  patienceMs?: number;
}

/**
 * Ends the jobs of models that are gone from the files, of which no worker opens the queue any more: one that serves the
 * model may still come, but where no API takes jobs for it either not for ever. What such a worker has taken meanwhile is
 * its own, for a run has one token.
 */
export function createUnservedJobs(parts: UnservedJobsParts) {
  const { store, queue, outbox, upkeep, unserved, events, worker, patienceMs = UNKNOWN_FOR_MS } = parts;
  const stopping = new AbortController();
  const told = new Set<string>();
  let looking = Promise.resolve();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await look().catch(parts.onError);
    }
  }

  async function look(): Promise<void> {
    const inCare = parts.inCare();
    if (!inCare) return;
    const served = parts.served();
    const suspects = await withRuns(inCare.filter((code) => !served.has(code)));
    // What nobody waits for any more has time again once somebody does.
    const suspected = new Set(suspects);
    const others = new Set(parts.codes().filter((code) => !suspected.has(code)));
    await unserved.deny(others);
    for (const code of others) told.delete(code);
    for (const [code, ms] of await unserved.suspect(suspects)) {
      // By then all who serve it have had the time to say so.
      if (ms < patienceMs / 5) told.delete(code);
      else await tell(code, patienceMs - ms);
      if (ms >= patienceMs) await end(code).catch(parts.onError);
    }
  }

  async function withRuns(codes: readonly string[]): Promise<string[]> {
    const has = await Promise.all(codes.map((code) => upkeep.hasRuns(code)));
    return codes.filter((_, index) => has[index]);
  }

  async function tell(code: string, leftMs: number): Promise<void> {
    if (told.has(code)) return;
    told.add(code);
    const model = (await parts.knownCodes.names()).get(code) ?? code;
    events.emit('model.unserved', { model, detail: describe(model, Math.max(0, leftMs)) });
  }

  async function end(code: string): Promise<void> {
    for await (const runs of upkeep.unservedRuns(code, patienceMs)) {
      // It may have come back since the last ones.
      const stands = (await unserved.suspect([code])).get(code) ?? 0;
      if (stopping.signal.aborted || stands < patienceMs) return;
      const ended = await Promise.all(runs.map((run) => endRun(run).catch(tellFault)));
      if (ended.includes(false)) return;
    }
  }

  /** The next look tries it again. */
  function tellFault(error: unknown): false {
    parts.onError(error);
    return false;
  }

  /** All who wait for it, as it waited for all. False where a worker has taken it in the same moment. */
  async function endRun(id: string): Promise<boolean> {
    const started = await store.start(id, worker);
    if (started) {
      const run: RunInHand = { ...started, worker, begun: performance.now() };
      const name = `${run.model}@${run.version}`;
      const error = new InferqError('model_unavailable', `The model ${name} is not served any more.`);
      const settled = await store.settle(id, run.token, {
        kind: 'failed',
        error: JSON.stringify(toJobError(error, run.attempt)),
        attempt: accountOf(run, { endpoint: undefined, error }),
      });
      if (settled.kind !== 'settled') return false;
      tellEnd(events, run, error);
      await Promise.allSettled(settled.owed.map((job) => outbox.send(job)));
    }
    await queue.remove(id);
    return true;
  }

  return {
    start(): void {
      looking = loop();
    },
    look,
    async stop(): Promise<void> {
      stopping.abort();
      await looking;
    },
  };
}

function describe(model: string, leftMs: number): string {
  const inTime = leftMs === 0 ? 'now' : `in ${Math.ceil(leftMs / 1000)} s`;
  return (
    `No worker and no API has the model ${model}, for which jobs wait: those that are due begin to fail ${inTime}, with model_unavailable. ` +
    `Put it back into the model files, or add it with 'inferq models add'; ` +
    `what has failed until then 'inferq models redrive ${model}' runs again.`
  );
}
