import { InferqError } from '../../shared/errors.ts';
import { Lane, type Task } from './lane.ts';
import {
  expressionError,
  isOfExpression,
  lossError,
  type Loss,
  type TransformName,
} from './transform-fault.ts';
import type { BreakSignal } from '../break-signal.ts';

export interface TransformsOptions {
  /** CPU milliseconds that one evaluation may take; on systems other than Linux, milliseconds. */
  timeMs?: number;
  /** Of JavaScript heap, for all evaluations of a moment. */
  memoryMb?: number;
  /** Of a result, in characters of JSON. */
  maxCharacters?: number;
  /** How long an expression that was stopped is kept away from the others. */
  suspectMs?: number;
}

/** Evaluates JSONata expressions where they can do no harm. */
export interface Transforms {
  /**
   * The value of `expression` for `input`, as plain JSON data. Throws `transform_failed`, not retryable, where the
   * expression fails, yields nothing or a function, or takes too much; `internal` where its process was lost by no
   * fault of its own; the signal's reason where that aborts.
   */
  run(name: TransformName, expression: string, input: unknown, signal?: BreakSignal): Promise<unknown>;
  /** Starts the process now, so that the first transform need not wait the 50 ms. */
  start(): void;
  /** Ends the processes; what still runs fails with `shutting_down`. */
  close(): Promise<void>;
}

interface Transform extends Task {
  name: TransformName;
  expression: string;
  fail(error: unknown): void;
}

const MEBI = 1024 * 1024;

/**
 * Two processes at most: one for all, and, from the first trouble on, one in which suspects run one at a time. What
 * was in a process together when it was stopped runs again there, so that only what is stopped alone is to blame;
 * expressions are pure, but for `$now` and `$random`. An expression that was to blame stays there for a while.
 */
export function createTransforms({
  timeMs = 100,
  memoryMb = 128,
  maxCharacters = 16 * MEBI,
  suspectMs = 60_000,
}: TransformsOptions = {}): Transforms {
  const suspects = new Map<string, number>();
  const limits = { timeMs, memoryMb, maxCharacters };
  let closed = false;
  const common = new Lane<Transform>({ ...limits, window: { tasks: 64, characters: 4 * MEBI }, onLost });
  const alone = new Lane<Transform>({ ...limits, window: { tasks: 1, characters: 1 }, onLost });

  function onLost(lost: Transform[], loss: Loss): void {
    const [only] = lost;
    if (!isOfExpression(loss)) {
      for (const transform of lost) transform.fail(lossError(transform.name, loss, limits));
    } else if (only && lost.length === 1) {
      suspects.set(only.expression, performance.now() + suspectMs);
      only.fail(lossError(only.name, loss, limits));
    } else {
      for (const transform of lost) alone.submit(transform);
    }
  }

  function laneOf(expression: string): Lane<Transform> {
    const until = suspects.get(expression);
    if (until === undefined) return common;
    if (until > performance.now()) return alone;
    suspects.delete(expression);
    return common;
  }

  return {
    async run(name, expression, input, signal) {
      if (closed) throw shuttingDown();
      const text = `${JSON.stringify(expression)},${JSON.stringify(input) ?? 'null'}`;
      return settled((resolve, fail, isOver) => {
        const onFault: Task['onFault'] = (fault) => fail(expressionError(name, fault));
        laneOf(expression).submit({ name, expression, text, isOver, onValue: resolve, onFault, fail });
      }, signal);
    },
    start: () => common.start(),
    async close() {
      closed = true;
      for (const transform of [...common.close(), ...alone.close()]) transform.fail(shuttingDown());
    },
  };
}

function shuttingDown(): InferqError {
  return new InferqError('shutting_down', 'The worker stopped before the transform was done.');
}

/** A promise that an abort of the signal rejects as well; no listener outlives it. */
function settled(
  begin: (resolve: (value: unknown) => void, reject: (error: unknown) => void, isOver: () => boolean) => void,
  signal: BreakSignal | undefined,
): Promise<unknown> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    let over = false;
    const finish = (act: () => void): void => {
      over = true;
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => finish(() => reject(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    begin(
      (value) => finish(() => resolve(value)),
      (error) => finish(() => reject(error)),
      () => over,
    );
  });
}
