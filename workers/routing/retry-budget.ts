import type { Model } from '../../shared/models/registry.ts';

/** What repetitions a model has left, in this process. */
export interface RetryBudget {
  /** A call that was made adds its tenth. */
  called(): void;
  /** Takes one repetition: the ms until the budget has it, or undefined where that is too long. */
  take(): number | undefined;
}

const SHARE = 0.1;
/** A model with little traffic may repeat this many calls a second all the same, and so many at once. */
const LEAST_A_SECOND = 1;
const AT_ONCE = 10;
/** As much as a busy model can save up. */
const MOST = 100;
const LONGEST_S = 60;

/**
 * Repetitions are held to a tenth of the calls, so that a model in trouble is not called two or three times as often
 * for it. Above that they are put off, and given up where the debt is more than a minute's. `now` is ms.
 */
export function createRetryBudget(now: () => number): RetryBudget {
  let tokens = AT_ONCE;
  let at = now();

  function refill(): void {
    const elapsed = Math.max(0, now() - at) / 1000;
    at += elapsed * 1000;
    if (tokens < AT_ONCE) tokens = Math.min(AT_ONCE, tokens + elapsed * LEAST_A_SECOND);
  }

  return {
    called() {
      refill();
      tokens = Math.min(MOST, tokens + SHARE);
    },
    take() {
      refill();
      const delayMs = Math.max(0, ((1 - tokens) / LEAST_A_SECOND) * 1000);
      if (delayMs > LONGEST_S * 1000) return undefined;
      tokens -= 1;
      return delayMs;
    },
  };
}

export interface RetryBudgets {
  of(model: Model): RetryBudget;
}

/** A budget a model, for as long as its spec stands. */
export function createRetryBudgets(now: () => number): RetryBudgets {
  const budgets = new WeakMap<Model, RetryBudget>();
  return {
    of(model) {
      const budget = budgets.get(model) ?? createRetryBudget(now);
      budgets.set(model, budget);
      return budget;
    },
  };
}
