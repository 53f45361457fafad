/** An endpoint as the choice sees it. Times are ms of one clock. */
export interface Candidate {
  weight: number;
  priority: number;
  /** `probe`: out of order, and due for a call that finds out whether it still is; `probing`: that call is under way. */
  health: 'up' | 'probe' | 'probing' | 'down';
  /** When it is due for a probe; counts where it is down. */
  probeAt: number;
  /** Until then it asked to be left alone. */
  pausedUntil: number;
  /** How many more calls it takes now. */
  room: number;
  /** Calls under way, and more where it failed of late. */
  load: number;
}

/** `wait`: for an end of a call or a probe, at most until then. `unreachable`: none is in order; the next probe. */
export type Choice<C extends Candidate> =
  | { kind: 'go'; chosen: C }
  | { kind: 'wait'; until: number }
  | { kind: 'unreachable'; until: number };

/**
 * Which endpoint takes the next call: of those in order and not paused, the ones of the best priority; of these two
 * at random, by weight; of these the one with less load for its weight. Two choices are nearly as even as looking at
 * all, and a herd of workers does not run to the same one (Mitzenmacher, 2001).
 *
 * Each attempt that failed before (`spent`) moves the start one priority on, and around again: the first failures of
 * an endpoint are not yet known as its own. `random` gives numbers in [0, 1).
 */
export function chooseEndpoint<C extends Candidate>(
  candidates: readonly C[],
  { spent, now, random }: { spent: number; now: number; random: () => number },
): Choice<C> {
  const reachable = candidates.filter(({ health }) => health !== 'down');
  if (reachable.length === 0) return { kind: 'unreachable', until: least(candidates, 'probeAt') };
  const open = reachable.filter(({ health, pausedUntil }) => health !== 'probing' && pausedUntil <= now);
  if (open.length === 0) {
    const paused = reachable.filter(({ pausedUntil }) => pausedUntil > now);
    return { kind: 'wait', until: least(paused, 'pausedUntil') };
  }
  const priorities = [...new Set(open.map(({ priority }) => priority))].sort((a, b) => a - b);
  const priority = priorities[spent % priorities.length];
  const free = open.filter((candidate) => candidate.priority === priority && candidate.room > 0);
  const chosen = lighterOfTwo(free, random);
  // Where all are full it waits: another priority is for what is out of order, not for what is in demand.
  return chosen ? { kind: 'go', chosen } : { kind: 'wait', until: Number.POSITIVE_INFINITY };
}

function lighterOfTwo<C extends Candidate>(candidates: readonly C[], random: () => number): C | undefined {
  if (candidates.length < 2) return candidates[0];
  const first = byWeight(candidates, random());
  const second = byWeight(
    candidates.filter((candidate) => candidate !== first),
    random(),
  );
  if (!first || !second) return first;
  return second.load / second.weight < first.load / first.weight ? second : first;
}

function byWeight<C extends Candidate>(candidates: readonly C[], random: number): C | undefined {
  let left = random * candidates.reduce((sum, { weight }) => sum + weight, 0);
  return candidates.find(({ weight }) => (left -= weight) < 0) ?? candidates.at(-1);
}

function least(candidates: readonly Candidate[], time: 'probeAt' | 'pausedUntil'): number {
  return Math.min(...candidates.map((candidate) => candidate[time]));
}
