import type { Exchange } from './exchange.ts';

/** So often it is looked whether those who wait still may: a revocation ends a wait within five seconds. */
const LOOK_EVERY_MS = 2000;

export type Departing = Pick<Exchange, 'request' | 'response' | 'isRevoked'>;

/**
 * A signal that is aborted when the client of this exchange goes away, when its credential is revoked (which is noted
 * there), or when the replica shuts down.
 */
export type DepartureOf = (exchange: Departing) => AbortSignal;

export interface DeparturesParts {
  closing: AbortSignal;
  isRevoked: (authorization: string | undefined) => Promise<boolean>;
}

/** By hand: `AbortSignal.any` keeps books of every signal that it has made, and an abort makes an exception with a stack. */
export function watchDepartures({ closing, isRevoked }: DeparturesParts): DepartureOf {
  const open = new Map<AbortController, Departing>();
  let looking: Promise<void> | undefined;

  /** A credential is asked for once, however many wait with it. */
  async function look(): Promise<void> {
    const byCredential = Map.groupBy(open, ([, { request }]) => request.headers.authorization);
    for (const [authorization, those] of byCredential) {
      // Where it cannot be looked up now, it is the next time.
      if (!(await isRevoked(authorization).catch(() => false))) continue;
      for (const [controller, exchange] of those) {
        exchange.isRevoked = true;
        controller.abort();
      }
    }
  }

  const looks = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, LOOK_EVERY_MS).unref();
  closing.addEventListener('abort', () => {
    clearInterval(looks);
    for (const controller of open.keys()) controller.abort();
  });
  return (exchange) => {
    const controller = new AbortController();
    const { response } = exchange;
    if (closing.aborted || response.closed || response.destroyed) controller.abort();
    else {
      open.set(controller, exchange);
      response.once('close', () => {
        open.delete(controller);
        // Whoever has the whole answer has not left anything that goes on.
        if (!response.writableFinished) controller.abort();
      });
    }
    return controller.signal;
  };
}
