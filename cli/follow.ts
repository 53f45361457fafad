import { isTerminal } from '../shared/job-status.ts';
import type { Job } from '../shared/job.ts';
import { readLive } from '../shared/live-body.ts';
import type { Client } from './client.ts';
import { Failure } from './failure.ts';
import { readEvents, toUpdate } from './job-events.ts';
import { jobPath, toJob } from './job.ts';
import type { Update } from './job-view.ts';
import { pause } from './pause.ts';

export interface Following {
  client: Client;
  id: string;
  /** Told of everything that becomes known, the end included. */
  tell: (update: Update) => void;
  signal: AbortSignal;
  /** Seconds without a byte after which a stream is taken for broken. */
  longestSilence?: number;
}

/** Seconds of one long poll; the broker allows 60. */
const LONG_POLL = 30;
/** A restarted broker is back within half a minute. */
const PATIENT_TRIES = 10;
/** Seconds between two looks at the queue. */
const LOOK = 2;
/** Seconds at least between two rounds that both gave nothing. */
const ROUND = 1;

/** Follows a job to its end. Throws the reason of the signal, or a Failure when the broker stays away. */
export async function follow(following: Following): Promise<Job> {
  const over = new AbortController();
  const signal = AbortSignal.any([following.signal, over.signal]);
  let status = 'queued';
  const tell = (update: Update) => {
    if (update.type === 'status') ({ status } = update);
    if (update.type === 'job') ({ status } = update.job);
    following.tell(update);
  };
  try {
    const inner = { ...following, tell, signal };
    return await Promise.race([listen(inner), lookWhileQueued(inner, () => status === 'queued')]);
  } finally {
    over.abort();
  }
}

/**
 * Streams; where a stream breaks or falls silent, resumes it; where it gave nothing, polls once before the next, so that a broker
 * or a proxy that cannot stream is asked twice a minute and no more.
 */
async function listen(following: Following): Promise<Job> {
  const position = { lastEventId: '' };
  for (;;) {
    const before = position.lastEventId;
    const job = await stream(following, position);
    if (job) return job;
    if (position.lastEventId !== before) continue;
    const polled = await look(following, LONG_POLL, PATIENT_TRIES);
    if (isTerminal(polled.status)) return polled;
    await pause(ROUND, following.signal);
  }
}

/** Null when the stream ended before the job did. */
async function stream(following: Following, position: { lastEventId: string }): Promise<Job | null> {
  const { client, id, tell, signal, longestSilence } = following;
  const headers = {
    Accept: 'text/event-stream',
    ...(position.lastEventId === '' ? {} : { 'Last-Event-ID': position.lastEventId }),
  };
  try {
    const { body } = await client.open({ path: jobPath(id, '/events'), headers, signal });
    if (!body) return null;
    for await (const event of readEvents(readLive(body, longestSilence))) {
      const update = toUpdate(event);
      if (update) tell(update);
      // Only now: what was not told has to be sent again.
      position.lastEventId = event.id ?? position.lastEventId;
      if (update?.type === 'job') return update.job;
    }
  } catch (thrown) {
    signal.throwIfAborted();
    // The poll that comes next reports what is really wrong.
    if (!isBroken(thrown)) throw thrown;
  }
  return null;
}

// fetch gives whatever breaks a body a cause; a mistake in this program has none.
function isBroken(thrown: unknown): boolean {
  return thrown instanceof Failure || (thrown instanceof Error && thrown.cause !== undefined);
}

/** The stream does not tell how the place in the queue changes; this does, and it notices a stream that hangs. */
async function lookWhileQueued(following: Following, isQueued: () => boolean): Promise<Job> {
  const { signal } = following;
  for (;;) {
    await pause(LOOK, signal);
    const job = isQueued() ? await glance(following) : null;
    if (job && isTerminal(job.status)) return job;
  }
}

/** Null when it fails: what is wrong for longer, the other one that listens will say. */
async function glance(following: Following): Promise<Job | null> {
  try {
    return await look(following, 0, 1);
  } catch (thrown) {
    following.signal.throwIfAborted();
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

async function look({ client, id, tell, signal }: Following, wait: number, tries: number): Promise<Job> {
  const path = jobPath(id, wait > 0 ? `?wait=${wait}` : '');
  const answer = await client.call({ path, signal, tries, timeout: wait + 15, about: { id } });
  const job = toJob(answer.body, client.connection.url);
  tell({ type: 'job', job });
  return job;
}
