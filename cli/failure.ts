import type { Fault } from '../shared/errors.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Problem details (RFC 9457) as the broker sends them, or as the command line makes them itself. */
export interface Problem {
  title: string;
  type?: string;
  status?: number;
  detail?: string;
  error_type?: string;
  errors?: Fault[];
}

export interface FailureExtras {
  /** What the person can do now, a sentence each. */
  cures?: readonly string[];
  /** Seconds after which a repetition may succeed. */
  retryAfter?: number | undefined;
  requestId?: string | undefined;
  /** The same request may pass if it is sent again. */
  transient?: boolean;
}

/** Everything that ends a command other than well. */
export class Failure extends Error {
  readonly exit: ExitCode;
  readonly problem: Problem;
  readonly cures: readonly string[];
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;
  readonly transient: boolean;

  constructor(exit: ExitCode, problem: Problem, extras: FailureExtras = {}) {
    super(problem.detail ?? problem.title);
    this.name = 'Failure';
    this.exit = exit;
    this.problem = problem;
    this.cures = extras.cures ?? [];
    this.retryAfter = extras.retryAfter;
    this.requestId = extras.requestId;
    this.transient = extras.transient ?? false;
  }
}

export function usage(detail: string, ...cures: string[]): Failure {
  const problem = { type: 'urn:inferq:cli:usage', title: 'The command is not well-formed', detail };
  return new Failure(EXIT.usage, problem, { cures });
}

/** Faults of models, found without asking a broker; the pointers are into what `detail` names. */
export function wrongModels(detail: string, faults: readonly Fault[]): Failure {
  const title = faults.length === 1 ? 'One thing is wrong' : `${faults.length} things are wrong`;
  return new Failure(EXIT.refused, { type: 'urn:inferq:cli:config', title, detail, errors: [...faults] });
}

/** No broker answered at `url`. */
export function unreachable(url: string, why: string, transient: boolean): Failure {
  const detail = `${url}: ${why}`;
  const problem = { type: 'urn:inferq:cli:unreachable', title: 'The broker cannot be reached', detail };
  const cures = [
    'npm start, in the clone, starts a broker on this machine; --url or INFERQ_URL names another',
    'npx inferq doctor tells what is wrong',
  ];
  return new Failure(EXIT.unreachable, problem, { cures, transient });
}

/** Something answered, but not as a broker does. */
export function foreign(url: string, why: string, transient = false): Failure {
  const problem = {
    type: 'urn:inferq:cli:foreign',
    title: 'What answers there is not an inferq broker',
    detail: `${url}: ${why}`,
  };
  return new Failure(EXIT.unreachable, problem, { cures: ['Check --url or INFERQ_URL'], transient });
}

export function waitedOut(id: string, seconds: number): Failure {
  const problem = {
    type: 'urn:inferq:cli:timed-out',
    title: `${id} has not ended within ${seconds} s`,
    detail: 'Only the waiting ended; the job goes on.',
  };
  return new Failure(EXIT.timed_out, problem, { cures: waysOn(id) });
}

export function interrupted(exit: ExitCode, id?: string): Failure {
  const problem = { type: 'urn:inferq:cli:interrupted', title: 'Interrupted' };
  if (id === undefined) return new Failure(exit, problem);
  return new Failure(
    exit,
    { ...problem, detail: `Only the waiting ended; ${id} goes on.` },
    { cures: waysOn(id) },
  );
}

function waysOn(id: string): string[] {
  return [`npx inferq jobs watch ${id}  follows it`, `npx inferq jobs cancel ${id}  stops it`];
}
