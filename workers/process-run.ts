import { InferqError, messageOf } from '../shared/errors.ts';
import type { AttemptOutcome, Events } from '../shared/events.ts';
import { toJobError } from '../shared/job-error.ts';
import type { Model, Registry } from '../shared/models/registry.ts';
import type { JobStore, Outcome, StartedRun } from '../shared/ports.ts';
import type { Beginning } from '../shared/redis/claims.ts';
import { codeOfJob } from '../shared/redis/keys.ts';
import type { Outbox } from '../shared/redis/outbox.ts';
import { UNKNOWN_FOR_MS } from '../shared/redis/unserved-models.ts';
import type { WorkQueue } from '../shared/redis/work-queue.ts';
import type { Text } from '../shared/text.ts';
import { afterFailure, type Sequel } from './after-failure.ts';
import { attemptRun, type AttemptParts } from './attempt.ts';
import { askFallback, isOutage } from './fallback.ts';
import type { Notices } from './webhooks/notices.ts';
import { createNarrator } from './run-narrator.ts';
import {
  accountOf,
  tellAttempt,
  tellBusy,
  tellEnd,
  tellFailure,
  tellStart,
  type RunInHand,
  type Try,
} from './run-account.ts';
import type { Room } from './room.ts';
import { placeOfAttempt } from './traced-run.ts';
import type { BreakController, BreakSignal } from './break-signal.ts';

/** Why a running call is broken off: nobody waits for it, this worker stops, or another worker has the run. */
export type BreakOff = 'abandoned' | 'draining' | 'taken over';

export interface ProcessorParts extends AttemptParts {
  store: JobStore;
  registry: Registry;
  queue: WorkQueue;
  outbox: Outbox;
  notices: Notices;
  events: Events;
  worker: string;
  /** What this process has in hand. */
  room: Room;
  random: () => number;
}

/** A run as its worker has it. */
export interface Hold {
  /** Started as it was claimed, with a place in the room that is left when it is through; undefined: not yet. */
  begun: Beginning | undefined;
  settle: JobStore['settle'];
}

/** What BullMQ is to do with the run: forget it, or bring it again after a pause. */
export type Verdict = { kind: 'done' } | { kind: 'again'; delayMs: number };

interface Ending {
  outcome: Outcome;
  error?: InferqError;
  delayMs?: number;
}

/** Sees one run through an attempt, from `start` to `settle`; alone where it may have killed workers before. */
export function createProcessor(parts: ProcessorParts) {
  const { store, worker, room } = parts;

  return async function process(runId: string, breakOff: BreakController, hold: Hold): Promise<Verdict> {
    const among = await (hold.begun
      ? goOn(hold.begun, breakOff, hold)
      : room.enter(async () => seeUnlessAlone(await store.startAmongOthers(runId, worker), breakOff, hold)));
    if (among !== 'alone') return among;
    return room.enterAlone(async () => see(await store.start(runId, worker), breakOff, hold));
  };

  async function goOn(begun: Beginning, breakOff: BreakController, hold: Hold): Promise<Verdict | 'alone'> {
    try {
      return await seeUnlessAlone(begun === 'ended' ? undefined : begun, breakOff, hold);
    } finally {
      room.leave();
    }
  }

  async function seeUnlessAlone(
    started: StartedRun | 'alone' | undefined,
    breakOff: BreakController,
    hold: Hold,
  ): Promise<Verdict | 'alone'> {
    return started === 'alone' ? started : await see(started, breakOff, hold);
  }

  async function see(
    started: StartedRun | undefined,
    breakOff: BreakController,
    hold: Hold,
  ): Promise<Verdict> {
    if (!started) return { kind: 'done' };
    const trace = placeOfAttempt(parts.tracing, started);
    const run: RunInHand = { ...started, trace, worker: parts.worker, begun: performance.now() };
    tellStart(parts.events, run);
    parts.notices.started(run);
    const model = parts.registry.findByCode(codeOfJob(run.jobId) ?? '', run.version);
    const ending = run.givenUp
      ? giveUp(run)
      : model
        ? await attempt(parts, run, model, breakOff)
        : refuse(run);
    const verdict: Verdict = ending ? await settle(parts, run, ending, hold) : { kind: 'done' };
    tellAttempt(parts.events, run, outcomeOf(ending));
    return verdict;
  }
}

/** For all who wait for it: an attempt of their own would kill further workers. */
function giveUp(run: RunInHand): Ending {
  const times = run.attempt === 1 ? 'once' : `${run.attempt} times`;
  const detail = `The job was started ${times}, and its workers died or lost its lock.`;
  const { outcome, ...ending } = failed(run, new InferqError('worker_lost', detail), accountOf(run));
  return { ...ending, outcome: outcome.kind === 'handover' ? { ...outcome, kind: 'failed' } : outcome };
}

function outcomeOf(ending: Ending | undefined): AttemptOutcome {
  if (!ending) return 'broken_off';
  return ending.error?.code ?? (ending.outcome.kind === 'putback' ? 'put_back' : 'succeeded');
}

/** A version that this worker does not know, or not yet: the run is put off, and fails when nobody comes to know it. */
function refuse(run: RunInHand): Ending {
  if (run.waitedMs < UNKNOWN_FOR_MS)
    return {
      outcome: uncounted(run),
      delayMs: Math.min(1000 + run.waitedMs, 15_000),
    };
  const name = `${run.model}@${run.version}`;
  return failed(run, new InferqError('model_unavailable', `The model ${name} is not served any more.`), '');
}

/** Undefined where the attempt was broken off and is not ours to settle. */
async function attempt(
  parts: ProcessorParts,
  run: RunInHand,
  model: Model,
  breakOff: BreakController,
): Promise<Ending | undefined> {
  const own: Try = { endpoint: undefined };
  const narrator = createNarrator(
    parts.store,
    run,
    () => breakOff.abort('taken over' satisfies BreakOff),
    (error) => parts.events.emit('redis.failed', { where: 'writing progress', error }),
  );
  try {
    const output = await attemptRun(parts, run, model, {
      signal: breakOff.signal,
      onPart: (part) => {
        if (part.kind === 'progress') parts.notices.progress(run.run);
        return narrator.tell(part);
      },
      onEndpoint: (endpoint) => (own.endpoint = endpoint),
    });
    await narrator.flush();
    const cacheTtlMs = run.spec.mode === 'bypass' ? 0 : model.spec.cache.ttl * 1000;
    return { outcome: { kind: 'succeeded', output, attempt: accountOf(run, own), cacheTtlMs } };
  } catch (thrown) {
    await narrator.flush();
    if (breakOff.signal.aborted) return brokenOff(run, breakOff.signal.reason);
    return recover(parts, run, model, { ...own, error: toError(thrown) }, breakOff.signal);
  }
}

/** After a failure: another attempt, the fallback, or the end. */
async function recover(
  parts: ProcessorParts,
  run: RunInHand,
  model: Model,
  own: Try & { error: InferqError },
  signal: BreakSignal,
): Promise<Ending | undefined> {
  const { error } = own;
  const sequel = afterFailure(error, run, model.spec, parts.budgets.of(model), parts.random());
  if (sequel.kind === 'put off') {
    tellBusy(parts.events, run, own, sequel.delayMs);
    return { outcome: uncounted(run), delayMs: sequel.delayMs };
  }
  tellFailure(parts.events, run, own, sequel.kind);
  const isLast = sequel.kind === 'give up' || error.upstream === 'unreachable';
  if (!isLast || !isOutage(error)) return endingOf(run, error, sequel, accountOf(run, own));
  const standIn = await askFallback(parts, run, model, signal);
  if (signal.aborted) return brokenOff(run, signal.reason);
  if (!standIn) return endingOf(run, error, sequel, accountOf(run, own));
  const { result, ...asked } = standIn;
  if ('thrown' in result) {
    const account = accountOf(run, own, { ...asked, error: toError(result.thrown) });
    return endingOf(run, error, sequel, account);
  }
  // What another model says is no answer to keep for this one's.
  const account = accountOf(run, own, asked);
  return { outcome: { kind: 'succeeded', output: result.output, attempt: account, cacheTtlMs: 0 } };
}

function endingOf(
  run: RunInHand,
  error: InferqError,
  sequel: Exclude<Sequel, { kind: 'put off' }>,
  account: string,
): Ending {
  if (sequel.kind === 'give up') return failed(run, error, account);
  return { outcome: { kind: 'putback', attempt: account, counts: true }, error, delayMs: sequel.delayMs };
}

/**
 * A worker that stops puts its run back without spending an attempt. So does one that has lost it, which is too late as
 * a rule, but says that it has not died of the run. Of one that nobody waits for there is nothing to say.
 */
function brokenOff(run: RunInHand, reason: unknown): Ending | undefined {
  if (reason === ('abandoned' satisfies BreakOff)) return undefined;
  return { outcome: uncounted(run), delayMs: 0 };
}

/** Of an attempt that is none only the one before it is told, where that was lost with its worker. */
function uncounted(run: RunInHand): Outcome {
  return { kind: 'putback', attempt: accountOf(run), counts: false };
}

/**
 * Who joined a run whose owner's attempts are spent may still have luck with attempts of their own, but not where the
 * model fails at their common input.
 */
function failed(run: RunInHand, error: InferqError, account: string): Ending {
  const problem = toJobError(error, run.attempt);
  const kind = error.retryable && error.code !== 'model_error' ? 'handover' : 'failed';
  return { outcome: { kind, error: JSON.stringify(problem), attempt: account }, error };
}

async function settle(
  parts: ProcessorParts,
  run: RunInHand,
  { outcome, error, delayMs = 0 }: Ending,
  hold: Hold,
): Promise<Verdict> {
  const settled = await hold.settle(run.run, run.token, outcome);
  if (settled.kind === 'stale') {
    if (outcome.kind === 'succeeded') await discard(parts, outcome.output);
    parts.events.emit('attempt.refused', {
      jobId: run.jobId,
      run: run.run,
      reason: 'the run ended or was taken over',
      requestId: run.spec.request_id,
    });
    return { kind: 'done' };
  }
  if (settled.kind === 'queued') return { kind: 'again', delayMs };
  tellEnd(parts.events, run, error);
  if (settled.kind === 'handover')
    await parts.queue.add(settled.run, { priority: settled.priority, delayMs: 0 });
  await sendOwed(parts.outbox, settled.owed);
  return { kind: 'done' };
}

/** What cannot be taken away now, the collector finds. */
async function discard({ texts, events }: ProcessorParts, output: Text): Promise<void> {
  await texts.discard(output).catch((error: unknown) => events.emit('blobs.failed', { error }));
}

const SENT_AT_ONCE = 20;

/** The result is safe; a webhook that is not handed over here is the sweeper's. */
async function sendOwed(outbox: Outbox, owed: readonly string[]): Promise<void> {
  for (let from = 0; from < owed.length; from += SENT_AT_ONCE)
    await Promise.allSettled(owed.slice(from, from + SENT_AT_ONCE).map((id) => outbox.send(id)));
}

function toError(thrown: unknown): InferqError {
  if (thrown instanceof InferqError) return thrown;
  return new InferqError('internal', `The worker failed: ${messageOf(thrown)}`, { cause: thrown });
}
