const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A Ctrl-C arrives up to three times: from the terminal, from npm, from setup.mjs. */
const SAME_MS = 1000;

export interface StopSignals {
  /** Aborted by the first signal. */
  stop: AbortSignal;
  /** Aborted by one that a person has sent again. */
  kill: AbortSignal;
  dispose(): void;
}

export function listenForStop(now: () => number = Date.now): StopSignals {
  const stop = new AbortController();
  const kill = new AbortController();
  let first: number | undefined;
  const onSignal = () => {
    first ??= now();
    if (now() - first > SAME_MS) kill.abort();
    else stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
