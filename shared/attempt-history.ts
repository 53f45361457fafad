import type { Attempt } from './job.ts';

/** One attempt that has ended, as it is kept. Times are Unix milliseconds. */
export type PastAttempt = Omit<Attempt, 'started_at' | 'ended_at'> & { startedAt: number; endedAt: number };

/**
 * The line of an attempt in a job's history: a JSON array, since each job that ends has one. What is absent is null, or
 * left out at the end. `scripts/lib/history.lua` writes some, too.
 */
export function toLine(past: PastAttempt): string {
  const { attempt, startedAt, endedAt, outcome, worker, endpoint, detail, model } = past;
  const line: unknown[] = [attempt, startedAt, endedAt - startedAt, outcome];
  const more = [worker, endpoint, detail, model];
  const last = more.findLastIndex((value) => value !== undefined);
  return JSON.stringify([...line, ...more.slice(0, last + 1)]);
}

type Line = [
  attempt: number,
  startedAt: number,
  milliseconds: number,
  outcome: string,
  worker?: string | null,
  endpoint?: string | null,
  detail?: string | null,
  model?: string | null,
];

/** The lines of a history, as clients see them. */
export function toAttempts(history: string | undefined): Attempt[] {
  if (!history) return [];
  return history.split('\n').map((text) => {
    const line: Line = JSON.parse(text);
    const [attempt, startedAt, milliseconds, outcome, worker, endpoint, detail, model] = line;
    return {
      attempt,
      started_at: new Date(startedAt).toISOString(),
      ended_at: new Date(startedAt + milliseconds).toISOString(),
      outcome,
      ...present({ worker, endpoint, model, detail }),
    };
  });
}

function present(fields: Record<string, string | null | undefined>): Partial<Attempt> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
