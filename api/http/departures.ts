import type { ServerResponse } from 'node:http';

/** A signal that is aborted when the client of this response goes away, or the replica shuts down. */
export type DepartureOf = (response: ServerResponse) => AbortSignal;

/** By hand: `AbortSignal.any` keeps books of every signal that it has made, and an abort makes an exception with a stack. */
export function watchDepartures(closing: AbortSignal): DepartureOf {
  const open = new Set<AbortController>();
  closing.addEventListener('abort', () => {
    for (const controller of open) controller.abort();
  });
  return (response) => {
    const controller = new AbortController();
    if (closing.aborted || response.closed || response.destroyed) controller.abort();
    else {
      open.add(controller);
      response.once('close', () => {
        open.delete(controller);
        // Whoever has the whole answer has not left anything that goes on.
        if (!response.writableFinished) controller.abort();
      });
    }
    return controller.signal;
  };
}
