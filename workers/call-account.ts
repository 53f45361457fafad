import { endpointName } from '../shared/endpoint-name.ts';
import { InferqError } from '../shared/errors.ts';
import type { Events, InferqEvents } from '../shared/events.ts';
import type { Endpoint } from '../shared/model.ts';
import type { Place, Tracing } from '../shared/observe/trace-context.ts';
import type { TracedRun } from './traced-run.ts';
import type { BreakSignal } from './break-signal.ts';

interface Calling {
  run: TracedRun;
  others?: readonly TracedRun[];
}

/** Tells of one call of an endpoint when it has ended; `headers` carry its place in the trace there. */
export function createCallAccount(
  { events, tracing }: { events: Events; tracing: Tracing },
  model: string,
  { run, others = [] }: Calling,
  { url }: Endpoint,
) {
  const trace = placeOfCall(tracing, run, others);
  const begun = performance.now();

  function tell(outcome: InferqEvents['model.called']['outcome']): void {
    events.emit('model.called', {
      jobId: run.jobId,
      model,
      endpoint: endpointName(url),
      attempt: run.attempt,
      size: others.length + 1,
      outcome,
      milliseconds: performance.now() - begun,
      ...(trace ? { trace } : {}),
    });
  }

  return {
    headers: trace ? { traceparent: trace.own } : {},
    async end<T>(call: Promise<T>, signal: BreakSignal): Promise<T> {
      try {
        const answer = await call;
        tell('succeeded');
        return answer;
      } catch (thrown) {
        tell(signal.aborted ? 'broken_off' : thrown instanceof InferqError ? thrown.code : 'internal');
        throw thrown;
      }
    },
  };
}

/** Under the attempt of the first; the attempts of those that go along are linked. */
function placeOfCall(tracing: Tracing, run: TracedRun, others: readonly TracedRun[]): Place | undefined {
  const place = run.trace && tracing.step(run.trace.own);
  const links = others.flatMap(({ trace }) => trace?.own ?? []);
  return place && links.length > 0 ? { ...place, links } : place;
}
