import { isTerminal } from '../../shared/job-status.ts';
import type { JobStore } from '../../shared/ports.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import type { WakeUp } from '../../shared/redis/wake-up.ts';
import type { Waiters } from '../../shared/redis/waiters.ts';

/** A wake-up can be lost with its connection: whoever waits also looks by himself. */
const LOOK_EVERY_MS = 2000;

export interface AwaitParts {
  store: JobStore;
  wakeUp: WakeUp;
  waiters: Waiters;
}

/**
 * The job as soon as it has ended, or as it is after `seconds` or when the client has gone; undefined where it has
 * vanished meanwhile.
 */
export async function awaitJob(
  { store, wakeUp, waiters }: AwaitParts,
  job: StoredJob,
  seconds: number,
  signal: AbortSignal,
  include: { input?: boolean } = {},
): Promise<StoredJob | undefined> {
  const until = performance.now() + seconds * 1000;
  let current: StoredJob | undefined = job;
  while (current && !isTerminal(current.status) && performance.now() < until && !signal.aborted) {
    const { run } = current;
    const listener = wakeUp.listen(run);
    try {
      // Note it first, then look, then sleep: a change in between is either seen or wakes.
      await waiters.add(run, wakeUp.replica);
      current = await store.read(job.id, include);
      if (current && !isTerminal(current.status) && current.run === run) {
        await listener.changed(Math.min(LOOK_EVERY_MS, until - performance.now()), signal);
        current = await store.read(job.id, include);
      }
    } finally {
      listener.stop();
    }
  }
  return current;
}
