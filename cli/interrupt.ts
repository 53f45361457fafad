import process from 'node:process';
import { EXIT } from './exit-code.ts';
import { interrupted, type Failure } from './failure.ts';

const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  stop(): void;
}

/**
 * Turns the first Ctrl-C (or SIGTERM) into an abort whose reason is what the person should read; the second ends
 * the process as it would have without this.
 */
export function onInterrupt(reason: (exit: Failure['exit']) => Failure = interrupted): Interrupt {
  const controller = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, exit]) => {
    const listener = () => controller.abort(reason(exit));
    process.once(name, listener);
    return () => process.off(name, listener);
  });
  return {
    signal: controller.signal,
    stop: () => listeners.forEach((remove) => remove()),
  };
}
