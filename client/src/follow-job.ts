import { ApiError, ConnectionError } from './errors.ts';
import { readEvents, toJobEvent, type JobEvent } from './job-events.ts';
import { pathOf } from './pages.ts';
import { pause } from './pause.ts';
import type { Job } from './schema.ts';
import type { Transport } from './transport.ts';

export interface FollowOptions {
  /** The id of the last event that was seen; only what came after it is given. */
  lastEventId?: string;
  signal?: AbortSignal;
}

/** Seconds that the broker holds an answer at most. */
const LONGEST_WAIT = 60;
/** Seconds between two streams that both gave nothing. */
const ROUND = 1;

const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'canceled', 'expired']);

export function hasEnded({ status }: Pick<Job, 'status'>): boolean {
  return ENDED.has(status);
}

/** Where jobs are: `['jobs']`, or those of a tenant. */
export type JobsAt = readonly string[];

/** Asks until the job has ended, however it ended. */
export async function waitForJob(
  transport: Transport,
  at: JobsAt,
  id: string,
  signal?: AbortSignal,
): Promise<Job> {
  const path = `${pathOf(...at, id)}?wait=${LONGEST_WAIT}`;
  for (;;) {
    const job = await transport.ask<Job>({ path, wait: LONGEST_WAIT, signal });
    if (hasEnded(job)) return job;
  }
}

/** The events of a job to its end; where the stream breaks or falls silent, it is resumed after the last event that was given. */
export async function* followJob(
  transport: Transport,
  at: JobsAt,
  id: string,
  { lastEventId = '', signal }: FollowOptions,
  parse: (text: string) => unknown,
): AsyncGenerator<JobEvent, void, undefined> {
  let last = lastEventId;
  for (;;) {
    const before = last;
    const stream = await openEvents(transport, pathOf(...at, id, 'events'), last, signal);
    // The last event was the last of all.
    if (stream?.status === 204) return;
    if (!stream?.pieces) {
      yield { type: 'done', id: '', job: await waitForJob(transport, at, id, signal) };
      return;
    }
    try {
      for await (const message of readEvents(stream.pieces)) {
        last = message.id ?? last;
        const event = toJobEvent(message, parse);
        if (event) yield event;
        if (event?.type === 'done') return;
      }
    } catch (thrown) {
      signal?.throwIfAborted();
      if (!isBroken(thrown)) throw thrown;
    }
    if (last === before) await pause(ROUND, signal);
  }
}

/** Undefined where what follows the last event is not kept any more. */
async function openEvents(transport: Transport, path: string, last: string, signal: AbortSignal | undefined) {
  const headers = { accept: 'text/event-stream', ...(last === '' ? {} : { 'last-event-id': last }) };
  try {
    return await transport.open({ path, headers, signal });
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.code === 'events_gone') return undefined;
    throw thrown;
  }
}

/** fetch throws a TypeError where a body breaks, and Node one with a cause. */
function isBroken(thrown: unknown): boolean {
  return thrown instanceof TypeError || thrown instanceof ConnectionError;
}
