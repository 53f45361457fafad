import type { RedisConnection } from './connection.ts';

const MOST_UNHEARD = 1000;

/** Tells who waits here for a run that something about it has changed. */
export interface WakeUp {
  readonly replica: string;
  start(): Promise<void>;
  /** Begins to listen at once; `changed` resolves at the next change, after `timeoutMs`, or on `signal`. */
  listen(run: string): { changed(timeoutMs: number, signal?: AbortSignal): Promise<void>; stop(): void };
  stop(): Promise<void>;
}

/**
 * The directed wake-up: the run notes which replica waits, and the scripts publish the run's id to that replica's
 * channel. A message may be lost with its connection, so whoever waits also looks again now and then.
 */
export function createWakeUp(subscriber: RedisConnection, replica: string): WakeUp {
  const channel = `inferq:wake:${replica}`;
  const listeners = new Map<string, Set<() => void>>();
  /** Told before anybody listened: the answer that the run is there may come after the message that it has ended. */
  const unheard = new Set<string>();

  const onMessage = (_channel: string, run: string): void => {
    const those = listeners.get(run);
    if (!those) noteUnheard(run);
    for (const wake of those ?? []) wake();
  };

  function noteUnheard(run: string): void {
    const [oldest] = unheard;
    if (unheard.size >= MOST_UNHEARD && oldest !== undefined) unheard.delete(oldest);
    unheard.add(run);
  }

  function listen(run: string): ReturnType<WakeUp['listen']> {
    let missed = unheard.delete(run);
    let wake: (() => void) | undefined;
    const listener = (): void => {
      missed = true;
      wake?.();
    };
    const those = listeners.get(run) ?? new Set();
    listeners.set(run, those.add(listener));
    return {
      async changed(timeoutMs, signal) {
        if (!missed) await nextChange((resolve) => (wake = resolve), timeoutMs, signal);
        missed = false;
        wake = undefined;
      },
      stop() {
        those.delete(listener);
        if (those.size === 0) listeners.delete(run);
      },
    };
  }

  return {
    replica,
    async start() {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(channel);
    },
    listen,
    async stop() {
      subscriber.off('message', onMessage);
      for (const those of listeners.values()) for (const wake of those) wake();
      await subscriber.quit().catch(() => subscriber.disconnect());
    },
  };
}

async function nextChange(
  register: (resolve: () => void) => void,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted || timeoutMs <= 0) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    signal?.addEventListener('abort', done, { once: true });
    register(done);
  });
}
