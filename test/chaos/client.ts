import { setTimeout as sleep } from 'node:timers/promises';
import { isJobStatus, isTerminal } from '../../shared/job-status.ts';
import { TOKEN } from '../support/broker.ts';
import type { EndedJob } from './checker.ts';

const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const PAUSE_MS = 100;

/** One answer to one request; status 0 where there was none. */
export interface Reply {
  status: number;
  body: unknown;
  headers: Headers;
  tookMs: number;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const begun = performance.now();
  try {
    const response = await fetch(url, { ...init, headers: { ...HEADERS, ...Object(init.headers) } });
    const body: unknown = await response.json();
    return { status: response.status, body, headers: response.headers, tookMs: performance.now() - begun };
  } catch (error) {
    return { status: 0, body: error, headers: new Headers(), tookMs: performance.now() - begun };
  }
}

/** Submits once, under this key. */
export function submitOnce(
  api: string,
  key: string,
  job: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const body = JSON.stringify(job);
  return ask(`${api}/jobs`, { method: 'POST', body, headers: { 'idempotency-key': key, ...headers } });
}

export function idOf({ body }: Reply): string {
  return String(Object(body).id);
}

export interface Submissions {
  /** What was answered with a 2xx, as it came. */
  acknowledged: { key: string; id: string; at: number }[];
  /** How often each other status came; 0 is a connection that broke. */
  refused: Map<number, number>;
  /** The longest that one waited from its first request to its acceptance. */
  slowestMs(): number;
  done: Promise<void>;
  /** No more; what is under way is waited for. */
  stop(): Promise<void>;
}

export interface SubmitOptions {
  /** Where to, asked again for each request. */
  api: () => string;
  job: (at: number) => Record<string, unknown>;
  /** Until stopped where it is left out. */
  count?: number;
  lanes?: number;
  /** Whether a refused one is tried again until it is accepted, as a client should; else the next one's turn comes. */
  patient?: boolean;
  /** A lane begins with another no sooner than so long after the one before. */
  everyMs?: number;
  keys?: string;
}

/** Clients side by side, each with one submission at a time. */
export function submitMany(options: SubmitOptions): Submissions {
  const {
    api,
    job,
    count = Number.POSITIVE_INFINITY,
    lanes = 20,
    patient = true,
    keys = 'job',
    everyMs = 0,
  } = options;
  const acknowledged: Submissions['acknowledged'] = [];
  const refused: Submissions['refused'] = new Map();
  const over = new AbortController();
  let slowest = 0;

  async function submit(at: number): Promise<void> {
    const key = `${keys} ${at}`;
    const begun = performance.now();
    for (;;) {
      const reply = await submitOnce(api(), key, job(at));
      if (reply.status >= 200 && reply.status < 300) {
        acknowledged.push({ key, id: idOf(reply), at: Date.now() });
        slowest = Math.max(slowest, performance.now() - begun);
        return;
      }
      refused.set(reply.status, (refused.get(reply.status) ?? 0) + 1);
      if (!patient || over.signal.aborted) return;
      await sleep(PAUSE_MS);
    }
  }

  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count && !over.signal.aborted) {
      const begun = performance.now();
      await submit(next++);
      await sleep(Math.max(0, everyMs - (performance.now() - begun)));
    }
  };
  const done = Promise.all(Array.from({ length: lanes }, lane)).then(() => undefined);
  const stop = () => {
    over.abort();
    return done;
  };
  return { acknowledged, refused, slowestMs: () => slowest, done, stop };
}

/** What the broker says of these jobs, once they have ended or the time is over. */
export async function endsOf(
  api: string,
  ids: readonly string[],
  withinMs: number,
): Promise<Map<string, EndedJob>> {
  const end = performance.now() + withinMs;
  const jobs = new Map<string, EndedJob>();
  const left = [...new Set(ids)];
  const lane = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      const job = await endOf(api, id, end);
      if (job) jobs.set(id, job);
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  return jobs;
}

async function endOf(api: string, id: string, end: number): Promise<EndedJob | undefined> {
  for (;;) {
    const { status, body } = await ask(`${api}/jobs/${id}?wait=5`);
    if (status === 404) return undefined;
    const job = status === 200 ? readJob(body) : undefined;
    if (job && (job.completedAt !== null || performance.now() > end)) return job;
    if (performance.now() > end + 60_000) throw new Error(`${id} cannot be read: ${status}`);
    if (!job) await sleep(PAUSE_MS);
  }
}

function readJob(body: unknown): EndedJob {
  const { status, completed_at: completedAt } = Object(body);
  if (!isJobStatus(status)) throw new Error(`No job: ${JSON.stringify(body)}`);
  return { status, completedAt: isTerminal(status) ? Date.parse(String(completedAt)) : null };
}

/** `3× 503, 1× no answer`. */
export function describeRefusals(refused: ReadonlyMap<number, number>): string {
  const parts = [...refused].map(([status, count]) => `${count}× ${status === 0 ? 'no answer' : status}`);
  return parts.join(', ') || 'none refused';
}
