import type { Texts } from '../../shared/blobs/texts.ts';
import { InferqError } from '../../shared/errors.ts';
import { isTerminal } from '../../shared/job-status.ts';
import { isBefore, type RunEvent, type RunEvents } from '../../shared/redis/run-events.ts';
import { jobPieces, type StoredJob } from '../../shared/stored-job.ts';
import type { AwaitParts } from './await-job.ts';
import { piecewise } from './job-body.ts';
import { createStreamTurns, shareCalls } from './shared-calls.ts';

const HEARTBEAT_MS = 15_000;
const LOOK_EVERY_MS = 2000;
const BATCH = 100;
/** How many streams say something in one turn of the event loop. */
const AT_ONCE = 16;
/** Comes before every id of a stream, so that whoever resumes from it misses nothing. */
const FIRST = '0-1';
const SECOND = '0-2';

interface LookParts extends AwaitParts {
  runEvents: RunEvents;
}

export interface EventsParts extends LookParts {
  texts: Texts;
  looks: EventLooks;
  /** In [0, 1). */
  random: () => number;
}

/** What all streams of a replica ask Redis, shared by those that ask the same at the same time. */
export function createEventLooks({ store, waiters, wakeUp, runEvents }: LookParts) {
  return {
    note: shareCalls((run: string) => waiters.add(run, wakeUp.replica, { starts: true })),
    read: shareCalls((id: string) => store.read(id)),
    hasGap: shareCalls((run: string, id: string) => runEvents.hasGap(run, id)),
    after: shareCalls((run: string, id: string) => runEvents.after(run, id, BATCH)),
    turn: createStreamTurns(AT_ONCE),
  };
}
export type EventLooks = ReturnType<typeof createEventLooks>;

/** Reads Last-Event-ID; throws `invalid_request`, or `events_gone` where what follows it is not kept any more. */
export async function resumePoint(
  { runEvents }: EventsParts,
  job: StoredJob,
  lastEventId: string | undefined,
): Promise<string> {
  if (lastEventId === undefined || lastEventId === '') return '0-0';
  if (!/^\d{1,15}-\d{1,10}$/.test(lastEventId))
    throw new InferqError('invalid_request', 'Last-Event-ID is not an id that this stream has given out.');
  if (job.dataRemoved || (await runEvents.hasGap(job.run, lastEventId))) throw eventsGone();
  return lastEventId;
}

function eventsGone(): InferqError {
  return new InferqError(
    'events_gone',
    'Events after this Last-Event-ID are not kept any more: read the job itself.',
  );
}

/**
 * The server-sent events of a job from after `last`: what its run says, between its own first and last status, which
 * come from the record. Any replica makes the same events with the same ids. Ends after `done`.
 */
export async function* jobEvents(
  parts: EventsParts,
  job: StoredJob,
  last: string,
  signal: AbortSignal,
): AsyncGenerator<string | Uint8Array> {
  yield 'retry: 2000\n\n';
  let seen = last;
  let quietSince = performance.now();
  let { run } = job;
  let current: StoredJob | undefined = job;
  const { looks } = parts;
  while (!signal.aborted) {
    const listener = parts.wakeUp.listen(run, { starts: true });
    try {
      // Note it first, then look, then sleep: a change in between is either seen or wakes.
      if (!isTerminal(current.status)) await looks.note(run);
      current = await looks.read(job.id);
      if (!current) return;
      for await (const event of newEvents(looks, current, seen)) {
        yield format(event);
        seen = event.id;
        quietSince = performance.now();
      }
      if (isTerminal(current.status)) {
        yield* ending(parts.texts, current, seen);
        return;
      }
      if (performance.now() - quietSince > HEARTBEAT_MS) {
        yield ': still here\n\n';
        quietSince = performance.now();
      }
      // Streams that began together shall not look together.
      const pause = LOOK_EVERY_MS * (0.75 + parts.random() / 4);
      if (current.run === run) await listener.changed(pause, signal);
      run = current.run;
    } finally {
      listener.stop();
    }
  }
}

async function* newEvents(looks: EventLooks, job: StoredJob, seen: string): AsyncGenerator<RunEvent> {
  let last = seen;
  for (const event of recordedEvents(job)) {
    if (!isBefore(last, event.id)) continue;
    yield event;
    last = event.id;
  }
  for (;;) {
    const events = await looks.after(job.run, last);
    // So far behind that events were dropped meanwhile: the stream breaks, and who resumes it is told.
    const isFarBehind = events.length === BATCH && isBefore(`${job.queuedAt}-0`, last);
    if (isFarBehind && (await looks.hasGap(job.run, last))) throw eventsGone();
    await looks.turn();
    // The run of a job that left it goes on for others.
    yield* events.filter(({ id }) => job.endedAt === null || !isBefore(`${job.endedAt}-999997`, id));
    const newest = events.at(-1);
    if (!newest || events.length < BATCH) return;
    last = newest.id;
  }
}

/**
 * That a job was queued, and that its first run first started, stands in its record alone: a job that waits, and a run
 * that says nothing on its way, need no stream.
 */
function recordedEvents({ queuedAt, createdAt, startedAt, cache, run }: StoredJob): RunEvent[] {
  if (cache === 'hit') return [];
  const queued = { kind: 'status', data: '{"status":"queued"}' };
  const again = queuedAt === createdAt ? [] : [{ ...queued, id: `${queuedAt}-0` }];
  const started = startedAt !== null && !run.includes('~');
  const running = { id: SECOND, kind: 'status', data: '{"status":"running","attempt":1}' };
  return [{ ...queued, id: FIRST }, ...(started ? [running] : []), ...again];
}

async function* ending(texts: Texts, job: StoredJob, seen: string): AsyncGenerator<string | Uint8Array> {
  const ended = job.endedAt ?? job.createdAt;
  const status = { kind: 'status', id: `${ended}-999998`, data: JSON.stringify({ status: job.status }) };
  if (isBefore(seen, status.id)) yield format(status);
  // As `format` has it. The output goes through in pieces: there may be hundreds of streams.
  yield `id: ${doneId(job)}\nevent: done\ndata: `;
  yield* piecewise(jobPieces(await texts.located(job)));
  yield '\n\n';
}

function doneId({ endedAt, createdAt }: Pick<StoredJob, 'endedAt' | 'createdAt'>): string {
  return `${endedAt ?? createdAt}-999999`;
}

/** Whether whoever resumes from here has had all: a browser that is told so does not come again. */
export function hasSeenAll(job: StoredJob, last: string): boolean {
  return isTerminal(job.status) && last === doneId(job);
}

function format({ id, kind, data }: RunEvent): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${data}\n\n`;
}
