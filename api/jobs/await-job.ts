import { isTerminal } from '../../shared/job-status.ts';
import type { JobStore } from '../../shared/ports.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import { parseToldEnd } from '../../shared/redis/told-end.ts';
import type { WakeUp } from '../../shared/redis/wake-up.ts';
import type { Waiters } from '../../shared/redis/waiters.ts';

/** A wake-up can be lost with its connection: whoever waits also looks by himself. */
const LOOK_EVERY_MS = 2000;

export interface AwaitParts {
  store: JobStore;
  wakeUp: WakeUp;
  waiters: Waiters;
}

export interface AwaitOptions {
  input?: boolean;
  /** `admit` has just noted that this replica waits: nothing has to be looked at before the first wake-up. */
  isNoted?: boolean;
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
  { isNoted = false, ...include }: AwaitOptions = {},
): Promise<StoredJob | undefined> {
  const until = performance.now() + seconds * 1000;
  const goesOn = (found: StoredJob | undefined): found is StoredJob =>
    found !== undefined && !isTerminal(found.status) && performance.now() < until && !signal.aborted;
  let current: StoredJob | undefined = job;
  let mustLook = !isNoted;
  while (goesOn(current)) {
    const run: string = current.run;
    const listener = wakeUp.listen(run);
    try {
      // Note it first, then look, then sleep: a change in between is either seen or wakes.
      if (mustLook) {
        await waiters.add(run, wakeUp.replica);
        current = await store.read(job.id, include);
      }
      mustLook = true;
      while (goesOn(current) && current.run === run) {
        const told = await listener.changed(Math.min(LOOK_EVERY_MS, until - performance.now()), signal);
        // The input is not told.
        const ended = told === undefined || include.input ? undefined : parseToldEnd(job.id, told);
        current = ended ?? (await store.read(job.id, include));
      }
    } finally {
      listener.stop();
    }
  }
  return current;
}
