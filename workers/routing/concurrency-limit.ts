/** How many calls an endpoint gets at once: learned from how it takes them. */
export interface ConcurrencyLimit {
  current(): number;
  /** A call that was answered, in ms; `full` where as many were under way as the limit allows. */
  answered(milliseconds: number, full: boolean): void;
  /** It said that it has no room, or let a call run out of time. */
  refused(): void;
  /** The model's own `concurrency`, beyond which it never goes. */
  bound(most: number): void;
}

const AFTER_REFUSAL = 0.5;
const AFTER_SLOWING = 0.8;
/** So many times as slow as it is used to be is slow. */
const SLOW = 3;
/** Differences below that, in ms, are the machine's. */
const NOISE_MS = 20;
/** Calls until it is known what it is used to. */
const LEARNED_AFTER = 50;

/**
 * Additive increase, multiplicative decrease (Chiu and Jain, 1989): a call more with each round that was full and went
 * well, half after a refusal, a fifth less where answers take three times as long as they used to. At most one
 * decrease in the time of a call, as calls under way all tell of the same trouble. `now` is ms.
 */
export function createConcurrencyLimit(most: number, now: () => number): ConcurrencyLimit {
  let limit = most;
  let usual = 0;
  let recent = 0;
  let seen = 0;
  let cutAt = Number.NEGATIVE_INFINITY;

  function cut(factor: number): void {
    if (now() - cutAt < Math.max(recent, NOISE_MS)) return;
    cutAt = now();
    limit = Math.max(1, limit * factor);
  }

  function learn(milliseconds: number): void {
    seen += 1;
    usual += (milliseconds - usual) / Math.min(seen, 500);
    recent += (milliseconds - recent) / Math.min(seen, 10);
  }

  return {
    current: () => Math.max(1, Math.floor(limit)),
    answered(milliseconds, full) {
      learn(milliseconds);
      if (seen > LEARNED_AFTER && recent > SLOW * usual + NOISE_MS) cut(AFTER_SLOWING);
      else if (full) limit = Math.min(most, limit + 1 / limit);
    },
    refused: () => cut(AFTER_REFUSAL),
    bound(bound) {
      // What was not learned, but stood at the bound, goes with it.
      limit = limit >= most ? bound : Math.min(limit, bound);
      most = bound;
    },
  };
}
