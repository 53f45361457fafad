import { isTerminal } from '../../shared/job-status.ts';
import type { Job } from '../../shared/job.ts';
import type { Call, Client } from '../client.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { jobPath, toJob } from '../job.ts';
import { pause } from '../pause.ts';
import type { JobLine } from './job-lines.ts';
import { resultOf, type Result } from './result.ts';

export interface SettleParts {
  client: Client;
  signal: AbortSignal;
  /** In [0, 1). */
  random: () => number;
  /** Told how long the broker wants to be left alone. */
  onPause: (seconds: number) => void;
}

/** Seconds that the broker holds an answer. */
const HOLD = 30;
/** Milliseconds without any answer after which it is given up; a restarted broker is back sooner. */
const PATIENCE_MS = 120_000;
/** Of these the next line would have no more. */
const HOPELESS: ReadonlySet<number | undefined> = new Set([401, 402, 403]);

/** Brings lines to their ends. What the broker refuses for now waits, and with it all that would come after. */
export function createSettler({ client, signal, random, onPause }: SettleParts) {
  let quietUntil = 0;
  let heardAt = performance.now();

  async function patiently(call: Call): Promise<Job> {
    for (let attempt = 1; ; attempt++) {
      await pause(Math.max(0, quietUntil - performance.now()) / 1000, signal);
      try {
        const { body } = await client.call({ ...call, tries: 1, timeout: HOLD + 30, signal });
        heardAt = performance.now();
        return toJob(body, client.connection.url);
      } catch (thrown) {
        if (!(thrown instanceof Failure) || !thrown.transient) throw thrown;
        await backOff(thrown, attempt);
      }
    }
  }

  async function backOff(failure: Failure, attempt: number): Promise<void> {
    const now = performance.now();
    if (failure.exit !== EXIT.unreachable) heardAt = now;
    else if (now - heardAt > PATIENCE_MS) throw failure;
    const { retryAfter = 0 } = failure;
    quietUntil = Math.max(quietUntil, now + retryAfter * 1000);
    const seconds = Math.max(retryAfter, Math.min(0.25 * 2 ** attempt, 10)) * (1 + random() / 4);
    onPause(seconds);
    await pause(seconds, signal);
  }

  async function settle({ number, request }: JobLine, idempotencyKey: string): Promise<Result> {
    const headers = { 'Idempotency-Key': idempotencyKey, Prefer: `wait=${HOLD}` };
    const body = JSON.stringify(request);
    let job = await patiently({ method: 'POST', path: '/jobs', body, headers, idempotent: true });
    while (!isTerminal(job.status)) job = await patiently({ path: jobPath(job.id, `?wait=${HOLD}`) });
    return resultOf(number, job);
  }

  return async (line: JobLine, idempotencyKey: string): Promise<Result> => {
    try {
      return await settle(line, idempotencyKey);
    } catch (thrown) {
      // The end of the whole run is not the broker's word on this line.
      if (signal.aborted || !(thrown instanceof Failure) || thrown.exit !== EXIT.refused) throw thrown;
      if (HOPELESS.has(thrown.problem.status) || thrown.transient) throw thrown;
      return { line: line.number, id: null, status: 'refused', output: null, error: thrown.problem };
    }
  };
}
