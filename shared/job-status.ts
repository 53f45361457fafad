/**
 * The state machine of a job: the only table of it. The Lua scripts carry it out, the conformance suite holds
 * them to it, and `docs/job-states.md` draws it.
 */
export const STATUSES = ['queued', 'running', 'succeeded', 'failed', 'canceled', 'expired'] as const;
export type JobStatus = (typeof STATUSES)[number];

export const TERMINAL_STATUSES = [
  'succeeded',
  'failed',
  'canceled',
  'expired',
] as const satisfies JobStatus[];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

export interface Transition {
  event: string;
  from: JobStatus | null;
  to: JobStatus;
  /** What makes it happen. */
  by: string;
}

export const TRANSITIONS = [
  { event: 'admit', from: null, to: 'queued', by: 'a request is accepted' },
  { event: 'join running', from: null, to: 'running', by: 'an identical job is running already' },
  { event: 'hit', from: null, to: 'succeeded', by: 'the cache has the answer' },
  { event: 'start', from: 'queued', to: 'running', by: 'a worker takes the job' },
  { event: 'start again', from: 'running', to: 'running', by: 'its worker died, another takes it' },
  { event: 'put back', from: 'running', to: 'queued', by: 'the attempt failed and may be repeated' },
  {
    event: 'hand over',
    from: 'running',
    to: 'queued',
    by: 'the job whose run it shares failed: it gets its own',
  },
  { event: 'succeed', from: 'running', to: 'succeeded', by: 'the model answered' },
  {
    event: 'fail',
    from: 'running',
    to: 'failed',
    by: 'the last attempt failed, or its workers died too often',
  },
  { event: 'cancel queued', from: 'queued', to: 'canceled', by: 'the client asked' },
  { event: 'cancel running', from: 'running', to: 'canceled', by: 'the client asked; the call is aborted' },
  { event: 'expire', from: 'queued', to: 'expired', by: 'its ttl ran out before it first started' },
  { event: 'retry failed', from: 'failed', to: 'queued', by: 'the client asked' },
  { event: 'retry canceled', from: 'canceled', to: 'queued', by: 'the client asked' },
  { event: 'retry expired', from: 'expired', to: 'queued', by: 'the client asked' },
] as const satisfies Transition[];

export type JobEvent = (typeof TRANSITIONS)[number]['event'];

const terminal: ReadonlySet<string> = new Set(TERMINAL_STATUSES);
const known: ReadonlySet<string> = new Set(STATUSES);

export function isTerminal(status: string): status is TerminalStatus {
  return terminal.has(status);
}

export function isJobStatus(status: unknown): status is JobStatus {
  return typeof status === 'string' && known.has(status);
}

export function isLegal(from: JobStatus | null, to: JobStatus): boolean {
  return TRANSITIONS.some((transition) => transition.from === from && transition.to === to);
}

/** The table as a Mermaid state diagram. */
export function stateDiagram(): string {
  const lines = TRANSITIONS.map(({ event, from, to }) => `  ${from ?? '[*]'} --> ${to}: ${event}`);
  const ends = TERMINAL_STATUSES.map((status) => `  ${status} --> [*]`);
  return ['stateDiagram-v2', ...lines, ...ends].join('\n');
}
