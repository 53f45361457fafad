import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhenResult,
  isBrokenCircuitError,
} from 'cockatiel';
import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import { FIRST_WINDOW, isDead, nextWindow, putOffMs, spreadMs } from './receiver-window.ts';

/** One receiver of a tenant as this process knows it: how much it takes at once, and whether it is dead. */
export interface Receiver {
  /** Undefined where it has no room, after a short wait where it answers quickly. */
  attempt(make: () => Promise<DeliveryAttempt>): Promise<DeliveryAttempt | undefined>;
  /** How long a delivery for which there was no room is put off. */
  putOffMs(random: number): number;
  isBroken(): boolean;
  /** Whether nothing is known that a new one would not know. */
  isForgettable(): boolean;
}

export interface ReceiverOptions {
  /** Milliseconds before the first trial call of one that is dead; it doubles up to half a minute. */
  breakMs: number;
  /** Milliseconds, monotonic. */
  clock: () => number;
}

const FAILURES_UNTIL_BROKEN = 5;
const LONGEST_BREAK_MS = 30_000;
/** One that has answered so lately is worth waiting for, so long. */
const LIVELY_MS = 500;
const SHORT_WAIT_MS = 250;

export function createReceiver({ breakMs, clock }: ReceiverOptions): Receiver {
  const breaker = circuitBreaker(handleWhenResult(isFailedAttempt), {
    breaker: new ConsecutiveBreaker(FAILURES_UNTIL_BROKEN),
    halfOpenAfter: new ExponentialBackoff({
      initialDelay: breakMs,
      maxDelay: Math.max(breakMs, LONGEST_BREAK_MS),
    }),
  });
  const waiting: (() => void)[] = [];
  let window = FIRST_WINDOW;
  let running = 0;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let putOff = { count: 0, since: clock() };

  const isBroken = (): boolean => breaker.state !== CircuitState.Closed;

  /** Of one that is dead a single call tries whether it is back: cockatiel would have others wait for that in slots. */
  function take(): boolean {
    if (running >= (isBroken() ? 1 : window)) return false;
    running += 1;
    return true;
  }

  async function takeSoon(): Promise<boolean> {
    if (take()) return true;
    if (isBroken() || clock() - answeredAt > LIVELY_MS) return false;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(go), 1);
        resolve();
      }, SHORT_WAIT_MS);
      waiting.push(go);
    });
    return take();
  }

  function learn(attempt: DeliveryAttempt): void {
    window = nextWindow(window, attempt);
    if (!isDead(attempt)) answeredAt = clock();
  }

  return {
    async attempt(make) {
      if (!(await takeSoon())) return undefined;
      try {
        const attempt = await breaker.execute(make);
        learn(attempt);
        return attempt;
      } catch (error) {
        if (isBrokenCircuitError(error)) return undefined;
        throw error;
      } finally {
        running -= 1;
        for (const go of waiting.splice(0, Math.max(1, window - running))) go();
      }
    },
    putOffMs(random) {
      // All that were put off have come back once a spread is over.
      if (clock() - putOff.since > spreadMs(putOff.count)) putOff = { count: 0, since: clock() };
      putOff.count += 1;
      return putOffMs(putOff.count, random);
    },
    isBroken,
    isForgettable: () => running === 0 && waiting.length === 0 && !isBroken() && window >= FIRST_WINDOW,
  };
}

function isFailedAttempt(result: unknown): boolean {
  return isAttempt(result) && isDead(result);
}

function isAttempt(result: unknown): result is DeliveryAttempt {
  return typeof result === 'object' && result !== null && 'outcome' in result;
}
