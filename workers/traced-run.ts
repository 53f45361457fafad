import type { Place, Tracing } from '../shared/observe/trace-context.ts';
import type { StartedRun } from '../shared/ports.ts';

/** A run whose attempt has a place in a trace, where traces are made. */
export interface TracedRun extends StartedRun {
  trace?: Place | undefined;
}

/** The token counts the starts of a run: an attempt links to the one before, whichever worker made it. */
export function placeOfAttempt(tracing: Tracing, { run, token, spec }: StartedRun): Place | undefined {
  const keyOf = (start: number): string => `attempt ${run} ${start}`;
  const after = token > 1 ? keyOf(token - 1) : undefined;
  return tracing.step(spec.traceparent, { key: keyOf(token), after });
}
