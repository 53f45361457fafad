import type { InferqError } from './errors.ts';

const LONGEST_MS = 60_000;

export type NextStep = { kind: 'retry'; delayMs: number } | { kind: 'give up' };

const LONGEST_WHILE_BUSY_MS = 5000;

/**
 * How long to leave a server alone that had no room: longer the longer the job waits already, which is when there is
 * a crowd, up to 5 s, or as long as the server asks for. `random` is in [0, 1).
 */
export function pauseWhileBusy(error: InferqError, waitedMs: number, random: number): number {
  const pause = Math.min(250 + waitedMs / 4, LONGEST_WHILE_BUSY_MS) * (0.5 + random / 2);
  return Math.round(Math.max(pause, (error.retryAfter ?? 0) * 1000));
}

/**
 * What follows a failed attempt: another one after an exponential, jittered pause (never before the endpoint's
 * `Retry-After`), or the end. `spent` counts the attempts that failed before this one; `random` is in [0, 1).
 */
export function nextStep(
  error: InferqError,
  spent: number,
  retry: { attempts: number; backoff: number },
  random: number,
): NextStep {
  if (!error.retryable || spent + 1 >= retry.attempts) return { kind: 'give up' };
  const pause = Math.min(retry.backoff * 1000 * 2 ** spent, LONGEST_MS) * (0.5 + random / 2);
  return { kind: 'retry', delayMs: Math.round(Math.max(pause, (error.retryAfter ?? 0) * 1000)) };
}
