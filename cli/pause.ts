import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many seconds; throws the signal's own reason as soon as it aborts. */
export async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(seconds * 1000, undefined, signal ? { signal } : {});
  } catch (thrown) {
    signal?.throwIfAborted();
    throw thrown;
  }
}
