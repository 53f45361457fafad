import { createHash } from 'node:crypto';
import type { Events } from '../../shared/events.ts';
import type { Model } from '../../shared/models/registry.ts';
import type { CallSlots } from '../../shared/redis/call-slots.ts';
import { ownerOfRun } from '../../shared/redis/keys.ts';
import {
  callEndpoint,
  callModel,
  headersOf,
  timeoutOf,
  type AnswerLimits,
  type CallWatch,
  type ModelCallParts,
} from '../call-model.ts';
import type { BatchCodec } from '../protocols/protocol.ts';
import { protocolOf } from '../protocols/registry.ts';
import { batchSizeOf } from './batch-size.ts';
import { createLane, type Lane } from './lane.ts';
import { splitting } from './splitting.ts';
import { createTurns } from './turns.ts';
import type { TracedRun } from '../traced-run.ts';
import { BreakController, type BreakSignal } from '../break-signal.ts';

/** A run whose input is prepared, and how its answer is awaited. */
export interface BatchItem {
  run: TracedRun;
  prepared: unknown;
  limits: AnswerLimits;
  watch: CallWatch;
}

export interface Batcher {
  /** What the model's protocol makes of the answer; undefined where its calls are not counted here. */
  call(model: Model, item: BatchItem): Promise<unknown> | undefined;
}

export interface BatcherParts extends ModelCallParts {
  slots: CallSlots;
  events: Events;
  random: () => number;
}

interface Passenger extends BatchItem {
  signal: BreakSignal;
  resolve(answer: unknown): void;
  reject(reason: unknown): void;
}

/** The most that the answer to a batch may have. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Puts the inputs of several jobs into one call of the model. A batch holds one version of a model, one group of its
 * protocol, one timeout, and jobs of one tenant unless the model allows others. Where a batch is refused it is halved,
 * so that one bad input fails alone, in the turn of the batch; a run that has failed before goes alone. What finds no
 * other to go with is called as it would be without batches.
 */
export function createBatcher(parts: BatcherParts): Batcher {
  const lanes = new Map<string, Lane<Passenger>>();
  const turns = createTurns({
    ...parts,
    onError: (error) => parts.events.emit('redis.failed', { where: 'counting calls', error }),
  });

  function laneOf(model: Model, codec: BatchCodec, key: string): Lane<Passenger> {
    const lane =
      lanes.get(key) ??
      createLane<Passenger>({
        maxSize: model.spec.batch?.max_size ?? 1,
        maxDelayMs: model.spec.batch?.max_delay_ms ?? 0,
        admit: (signal) => turns.take(model.code, model.spec.concurrency, signal),
        send: (items) => splitting(items, (some) => send(model, codec, some)).finally(() => forget(key)),
      });
    lanes.set(key, lane);
    return lane;
  }

  function forget(key: string): void {
    setImmediate(() => {
      if (lanes.get(key)?.isIdle()) lanes.delete(key);
    });
  }

  function callOne(model: Model, { run, prepared, limits, watch }: BatchItem): Promise<unknown> {
    return callModel(parts, run, model, prepared, limits, watch);
  }

  /** The queue lets in as many runs as would fill all calls, so that one that goes alone has to be counted, too. */
  async function callAlone(model: Model, item: BatchItem): Promise<unknown> {
    const { signal } = item.watch;
    const release = await turns.take(model.code, model.spec.concurrency, signal);
    if (!release) return signal.throwIfAborted();
    try {
      return await callOne(model, item);
    } finally {
      await release();
    }
  }

  /** Throws where the whole call failed. */
  async function send(model: Model, codec: BatchCodec, items: readonly Passenger[]): Promise<void> {
    const [first, ...others] = items;
    parts.events.emit('batch.sent', { model: model.spec.name, size: items.length });
    if (!first || others.length > 0 || codec.evenOfOne) return sendTogether(model, codec, items);
    first.resolve(await callOne(model, first));
  }

  /** One call for all of them; each gets its own part of the answer. */
  async function sendTogether(model: Model, codec: BatchCodec, items: readonly Passenger[]): Promise<void> {
    const runs = items.map(({ run }) => run);
    const [run] = runs;
    if (!run) return;
    const limits = limitsOf(items);
    const inputs = items.map(({ prepared }) => prepared);
    const body = await callEndpoint(parts, model, {
      run,
      others: runs.slice(1),
      request: codec.toRequest(inputs, model.spec),
      headers: headersOfBatch(runs),
      limits,
      watch: watchOf(items),
    });
    const outputs = codec.toOutputs(body, inputs);
    for (const item of items)
      for (const [value, digits] of limits.exact) item.limits.exact.set(value, digits);
    for (const [index, item] of items.entries()) {
      const output = outputs[index];
      if (output instanceof Error) item.reject(output);
      else item.resolve(output);
    }
  }

  return {
    call(model, item) {
      const { spec } = model;
      const codec = protocolOf(spec.protocol).batch;
      if (!codec || !spec.batch || batchSizeOf(spec) < 2) return undefined;
      // What would be refused alone is refused here.
      protocolOf(spec.protocol).toRequest(item.prepared, spec);
      const group = codec.groupOf(item.prepared);
      if (group === undefined || item.run.spent > 0) return callAlone(model, item);
      const tenant = spec.batch.across_tenants ? '' : item.run.tenant;
      const key = JSON.stringify([model.code, spec.version, tenant, timeoutOf(item.run, model), group]);
      return new Promise((resolve, reject) => {
        const { signal } = item.watch;
        signal.throwIfAborted();
        const leave = (): void => {
          reject(signal.reason);
          forget(key);
        };
        signal.addEventListener('abort', leave, { once: true });
        laneOf(model, codec, key).add({ ...item, signal, resolve, reject });
      });
    },
  };
}

/** The call is broken off when nobody waits for it any more. */
function watchOf(items: readonly Passenger[]): CallWatch {
  const all = new BreakController();
  let waiting = items.length;
  for (const { signal } of items) {
    const leave = (): void => {
      waiting -= 1;
      if (waiting === 0) all.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return {
    signal: all.signal,
    onPart: () => undefined,
    onEndpoint: (endpoint) => items.forEach(({ watch }) => watch.onEndpoint(endpoint)),
  };
}

/** The answer to all has room for the most that each may have. */
function limitsOf(items: readonly Passenger[]): AnswerLimits {
  const bytes = items.reduce((sum, { limits }) => sum + limits.maxBytes, 0);
  return { maxBytes: Math.min(MOST_BYTES, bytes), exact: new Map() };
}

/** The same runs together have the same key. */
function headersOfBatch(runs: readonly TracedRun[]): Record<string, string> {
  const [first, ...others] = runs;
  if (!first || others.length === 0) return first ? headersOf(first) : {};
  const owners = runs.map(({ run }) => ownerOfRun(run)).sort();
  const digest = createHash('sha256').update(owners.join(' ')).digest('base64url').slice(0, 32);
  return { ...headersOf(first), 'idempotency-key': `batch_${digest}` };
}
