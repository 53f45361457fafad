import type { Job } from '../../shared/job.ts';
import type { Problem } from '../failure.ts';
import { isRecord } from '../json.ts';

/** What became of a line, as it is written. */
export interface Result {
  line: number;
  /** Null where the broker refused it. */
  id: string | null;
  status: Job['status'] | 'refused';
  output: unknown;
  error: Problem | null;
}

export function isResult(value: unknown): value is Result {
  return isRecord(value) && typeof value['line'] === 'number' && typeof value['status'] === 'string';
}

export function resultOf(line: number, { id, status, output, error }: Job): Result {
  return { line, id, status, output, error };
}

/** Writes results in the order of their lines; what comes early waits for those before it. */
export function createInOrder(write: (result: Result) => void) {
  const early = new Map<number, Result>();
  /** The lines that are under way or written, in order; the first is the next to be written. */
  const expected: number[] = [];
  return {
    expect(line: number): void {
      expected.push(line);
    },
    add(result: Result): void {
      early.set(result.line, result);
      for (let next = early.get(expected[0] ?? 0); next; next = early.get(expected[0] ?? 0)) {
        write(next);
        early.delete(next.line);
        expected.shift();
      }
    },
  };
}
