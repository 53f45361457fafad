import { cpuOf } from './cpu.ts';
import type { Load, LoadResult } from './load.ts';
import type { Program } from './program.ts';

/** What one sample found; CPU in µs a request, by process. */
export type Sample = Record<string, number>;
export type Take = () => Promise<Sample>;

/** How often each side is taken to get warm, and then to be counted. */
interface Rounds {
  warm: number;
  counted: number;
}

/** V8 goes on compiling for some ten thousand requests, and longer the more code there is. */
const OF_LONG_LIVED: Rounds = { warm: 3, counted: 5 };
/** Where each sample has a process of its own. */
export const OF_SHORT_LIVED: Rounds = { warm: 1, counted: 5 };

/** Takes samples of both sides in turn; answers the medians. */
export async function interleave<Side extends string>(
  sides: Record<Side, Take>,
  { warm, counted }: Rounds = OF_LONG_LIVED,
): Promise<Record<Side, Sample>> {
  const names = Object.keys(sides).filter((name): name is Side => name in sides);
  const taken = new Map<Side, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round < warm + counted; round++)
    for (const name of names) {
      const sample = await sides[name]();
      if (process.argv.includes('--verbose')) process.stderr.write(`${name} ${JSON.stringify(sample)}\n`);
      if (round >= warm) taken.get(name)?.push(sample);
    }
  const medians = names.map((name) => [name, medianOf(taken.get(name) ?? [])] as const);
  return Object.fromEntries(medians) as Record<Side, Sample>;
}

function medianOf(samples: Sample[]): Sample {
  const keys = Object.keys(samples[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, median(samples.map((sample) => sample[key] ?? 0))]));
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Sends a load and tells what it cost each process, and all of them together. */
export function costOf(load: Program, what: Load, pids: Record<string, number>): Take {
  return async () => {
    const names = Object.keys(pids);
    const look = () => Promise.all(names.map((name) => cpuOf(pids[name] ?? 0)));
    const before = await look();
    const result = await load.ask<LoadResult>(what);
    const after = await look();
    const costs = names.map((name, index) => {
      return [name, ((after[index] ?? 0) - (before[index] ?? 0)) / what.count] as const;
    });
    const all = costs.reduce((sum, [, cost]) => sum + cost, 0);
    return { ...Object.fromEntries(costs), all, ...result };
  };
}
