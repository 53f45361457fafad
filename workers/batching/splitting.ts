import { InferqError } from '../../shared/errors.ts';
import type { BreakSignal } from '../break-signal.ts';

/** One who is told when the call for all has failed. */
interface Rejectable {
  signal: BreakSignal;
  reject(reason: unknown): void;
}

/**
 * Sends them together. What the server refused may be the fault of one alone: they are halved and sent again, one half
 * after the other. An outage is nobody's fault, and each is told. Never throws.
 */
export async function splitting<Item extends Rejectable>(
  items: readonly Item[],
  send: (items: readonly Item[]) => Promise<void>,
): Promise<void> {
  const live = items.filter(({ signal }) => !signal.aborted);
  if (live.length === 0) return;
  try {
    await send(live);
  } catch (error) {
    if (live.length === 1 || !mayBeOfOne(error)) {
      for (const item of live) item.reject(error);
      return;
    }
    const middle = Math.ceil(live.length / 2);
    await splitting(live.slice(0, middle), send);
    await splitting(live.slice(middle), send);
  }
}

function mayBeOfOne(error: unknown): boolean {
  return error instanceof InferqError && (!error.retryable || error.code === 'model_error');
}
