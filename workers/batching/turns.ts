import type { CallSlot, CallSlots } from '../../shared/redis/call-slots.ts';
import { createBell, type Bell } from '../routing/bell.ts';
import type { BreakSignal } from '../break-signal.ts';

export type Release = () => Promise<void>;

/** Who may call a model next, where its calls are counted over all workers. */
export interface Turns {
  /** Waits until a call may be made; undefined where the signal aborts before. */
  take(code: string, limit: number, signal: BreakSignal): Promise<Release | undefined>;
}

export interface TurnsParts {
  slots: CallSlots;
  random: () => number;
  onError: (error: unknown) => void;
  /** So soon the slot of a worker that has died is free; a call under way keeps its own by renewing it. */
  heldMs?: number;
}

interface Waiter {
  resolve(release: Release | undefined): void;
}

interface Line {
  waiters: Waiter[];
  bell: Bell;
}

const HELD_MS = 30_000;
/** How soon it is looked again whether another worker's call has ended: at first, and at most. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;
const NEVER = new AbortController().signal;

/** Those who wait for the same model stand in one line, whose first asks for all; a call that ends here wakes it. */
export function createTurns({ slots, random, onError, heldMs = HELD_MS }: TurnsParts): Turns {
  const lines = new Map<string, Line>();

  async function serve(key: string, { waiters, bell }: Line, code: string, limit: number): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (waiters.length > 0) {
      const release = await tryToTake(code, limit, bell);
      if (release) {
        pause = FIRST_PAUSE_MS;
        const first = waiters.shift();
        if (first) first.resolve(release);
        else await release();
      } else {
        // Jittered, so that workers do not go on asking together.
        await bell.wait(pause * (0.5 + random() / 2), NEVER);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
    lines.delete(key);
  }

  /** Without Redis nobody could say how many calls there are; those that were begun are made. */
  async function tryToTake(code: string, limit: number, bell: Bell): Promise<Release | undefined> {
    try {
      const slot = await slots.take(code, limit, heldMs);
      return slot && keep(slot, bell);
    } catch (error) {
      onError(error);
      return async () => undefined;
    }
  }

  function keep(slot: CallSlot, bell: Bell): Release {
    const timer = setInterval(() => void slot.renew().catch(onError), heldMs / 3);
    return async () => {
      clearInterval(timer);
      await slot.release().catch(onError);
      bell.ring();
    };
  }

  function lineOf(code: string, limit: number): Line {
    // Versions of a model may differ in their limit; none of them waits for another's.
    const key = `${code} ${limit}`;
    const before = lines.get(key);
    if (before) return before;
    const line: Line = { waiters: [], bell: createBell() };
    lines.set(key, line);
    queueMicrotask(() => void serve(key, line, code, limit));
    return line;
  }

  return {
    take(code, limit, signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const { waiters, bell } = lineOf(code, limit);
        const leave = (): void => {
          const at = waiters.indexOf(waiter);
          if (at >= 0) waiters.splice(at, 1);
          if (waiters.length === 0) bell.ring();
          resolve(undefined);
        };
        const waiter: Waiter = {
          resolve(release) {
            signal.removeEventListener('abort', leave);
            resolve(release);
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        waiters.push(waiter);
      });
    },
  };
}
