import type { InferqError } from '../shared/errors.ts';
import type { ModelSpec } from '../shared/model.ts';
import type { StartedRun } from '../shared/ports.ts';
import { nextStep, pauseWhileBusy } from '../shared/retry.ts';
import type { RetryBudget } from './routing/retry-budget.ts';

/** What follows a failed attempt; one that is `put off` does not count. */
export type Sequel =
  | { kind: 'retry'; delayMs: number }
  | { kind: 'put off'; delayMs: number }
  | { kind: 'give up' };

/** So long after its submission a run is put off where it gets a 429; from then on that is a failure. */
const PATIENCE_MS = 3_600_000;
/** Those who wait for the same probe come back over so long a time, not at once. */
const SPREAD_MS = 1000;

/** Whether and when the run is tried again. `random` is in [0, 1). */
export function afterFailure(
  error: InferqError,
  run: Pick<StartedRun, 'spent' | 'waitedMs'>,
  { retry }: Pick<ModelSpec, 'retry'>,
  budget: RetryBudget,
  random: number,
): Sequel {
  if (error.busy || (error.upstream === 429 && run.waitedMs < PATIENCE_MS))
    return { kind: 'put off', delayMs: pauseWhileBusy(error, run.waitedMs, random) };
  const step = nextStep(error, run.spent, retry, random);
  if (step.kind === 'give up') return step;
  // Nothing was called, so nothing is repeated.
  if (error.upstream === 'unreachable')
    return { kind: 'retry', delayMs: Math.round(step.delayMs + random * SPREAD_MS) };
  const afford = budget.take();
  return afford === undefined
    ? { kind: 'give up' }
    : { kind: 'retry', delayMs: Math.round(Math.max(step.delayMs, afford)) };
}
