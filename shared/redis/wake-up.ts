import type { RedisConnection } from './connection.ts';

const MOST_UNHEARD = 1000;
const ENDED = 'ended ';

/** Tells who waits here for a run that something about it has changed. */
export interface WakeUp {
  readonly replica: string;
  start(): Promise<void>;
  /**
   * Begins to listen at once; `changed` resolves at the next change, after `timeoutMs`, or on `signal`, with what was
   * told of an end (see told-end.ts). That the run starts is a change only for who asks for it.
   */
  listen(
    run: string,
    options?: { starts?: boolean },
  ): { changed(timeoutMs: number, signal?: AbortSignal): Promise<string | undefined>; stop(): void };
  stop(): Promise<void>;
}

/**
 * The directed wake-up: the run notes which replica waits, and the scripts publish the run's id to that replica's
 * channel. A message may be lost with its connection, so whoever waits also looks again now and then.
 */
export function createWakeUp(subscriber: RedisConnection, replica: string): WakeUp {
  const channel = `inferq:wake:${replica}`;
  const listeners: Listeners = new Map();
  const readers: Listeners = new Map();
  /** Told before anybody listened: the answer that the run is there may come after the message that it has ended. */
  const unheard = new Set<string>();

  const onMessage = (_channel: string, message: string): void => {
    const end = message.indexOf(' ');
    const run = end < 0 ? message : message.slice(0, end);
    const what = end < 0 ? '' : message.slice(end + 1);
    if (what === 'started') {
      for (const wake of readers.get(run) ?? []) wake();
      return;
    }
    const those = listeners.get(run);
    if (!those) noteUnheard(run);
    for (const wake of those ?? []) wake(what.startsWith(ENDED) ? what.slice(ENDED.length) : undefined);
  };

  function noteUnheard(run: string): void {
    const [oldest] = unheard;
    if (unheard.size >= MOST_UNHEARD && oldest !== undefined) unheard.delete(oldest);
    unheard.add(run);
  }

  function listen(run: string, { starts = false } = {}): ReturnType<WakeUp['listen']> {
    let missed = unheard.delete(run);
    let wake: (() => void) | undefined;
    let told: string | undefined;
    const listener = (end?: string): void => {
      missed = true;
      told = end ?? told;
      wake?.();
    };
    enter(listeners, run, listener);
    if (starts) enter(readers, run, listener);
    return {
      async changed(timeoutMs, signal) {
        if (!missed) await nextChange((resolve) => (wake = resolve), timeoutMs, signal);
        missed = false;
        wake = undefined;
        return told;
      },
      stop() {
        leave(listeners, run, listener);
        leave(readers, run, listener);
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

type Listener = (end?: string) => void;
type Listeners = Map<string, Set<Listener>>;

function enter(listeners: Listeners, run: string, listener: Listener): void {
  const those = listeners.get(run) ?? new Set();
  listeners.set(run, those.add(listener));
}

function leave(listeners: Listeners, run: string, listener: Listener): void {
  const those = listeners.get(run);
  if (those?.delete(listener) && those.size === 0) listeners.delete(run);
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
