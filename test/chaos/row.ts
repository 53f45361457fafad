import { randomFrom } from '../support/random.ts';
import type { Scope } from '../support/scope.ts';

/** A fault, what must hold while it lasts, and how both are made and measured. */
export interface Row {
  row: number;
  /** What is done, at its whole size. */
  injected: string;
  bar: string;
  /** Seconds; whoever has not come to an end by then has hung. */
  deadline: number;
  run(chaos: Chaos): Promise<Finding>;
}

export type Verdict = 'held' | 'missed' | 'skipped';

export interface Finding {
  /** What was seen, in the words of the bar. */
  figure: string;
  verdict: Verdict;
}

/** What a row is given; all that it starts goes with it. */
export interface Chaos extends Scope {
  seed: number;
  /** Of the whole size, 0 to 1. */
  scale: number;
  /** In [0, 1), the same for the same seed. */
  random(): number;
  /** So many of the whole, but at least so many. */
  size(whole: number, least?: number): number;
  /** For whoever watches. */
  tell(progress: string): void;
}

export interface ChaosOptions {
  row: number;
  seed: number;
  scale: number;
  tell: (progress: string) => void;
  teardown: (end: () => unknown) => void;
}

export function createChaos({ row, seed, scale, tell, teardown }: ChaosOptions): Chaos {
  return {
    seed,
    scale,
    tell,
    teardown,
    // A row alone does what it does among the others.
    random: randomFrom(seed + row * 1_000_003),
    size: (whole, least = 1) => Math.max(least, Math.round(whole * scale)),
  };
}

/** The finding of a row whose bar is a condition. */
export function finding(holds: boolean, figure: string): Finding {
  return { figure, verdict: holds ? 'held' : 'missed' };
}

/** A part of a row, whose things are gone before the next part begins. */
export async function inPart<Result>(chaos: Chaos, run: (part: Chaos) => Promise<Result>): Promise<Result> {
  const ends: (() => unknown)[] = [];
  const endAll = async (): Promise<void> => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  chaos.teardown(endAll);
  try {
    return await run({ ...chaos, teardown: (end) => void ends.push(end) });
  } finally {
    await endAll();
  }
}
