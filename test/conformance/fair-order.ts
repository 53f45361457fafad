import { HANDICAPS, share } from '../../shared/fair-share.ts';
import type { Priority } from '../../shared/job.ts';

interface Waiting {
  id: string;
  tag: number;
  rank: number;
}

/** Start-time fair queueing as the paper has it, with numbers that do not end: what the store's order must be. */
export function createFairOrder() {
  const last = new Map<string, number>();
  const waiting: Waiting[] = [];
  let clock = 0;

  return {
    waiting,
    admit(
      id: string,
      { tenant, priority, weight }: { tenant: string; priority: Priority; weight: number },
    ): void {
      const field = `${priority}:${tenant}`;
      const tag = Math.max(clock, last.get(field) ?? 0);
      last.set(field, tag + share(weight));
      const rank = Math.floor(tag) + HANDICAPS[priority];
      const behind = waiting.findIndex((other) => other.rank > rank);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, { id, tag, rank });
    },
    /** What starts next. */
    start(): string | undefined {
      const next = waiting.shift();
      if (next) clock = Math.max(clock, next.tag);
      return next?.id;
    },
    /** As if much had been served meanwhile. */
    turnClock(to: number): void {
      clock = to;
    },
  };
}
