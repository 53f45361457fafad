import { storedToken } from './session.ts';

/** An answer that is not 2xx, as RFC 9457 has it. */
export class ApiFault extends Error {
  readonly status: number;
  readonly type: string;
  readonly errors: readonly { pointer: string; detail: string }[];

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `The API answered ${status}.`);
    this.status = status;
    this.type = problem.error_type ?? 'unknown';
    this.errors = problem.errors ?? [];
  }
}

interface Problem {
  detail: string;
  error_type: string;
  errors: { pointer: string; detail: string }[];
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  json?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const signedOut = new Set<() => void>();

/** Told when the API does not know the credential any more. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

/** A connection that is lost says nothing of its end; without this, each would take one of the browser's few for ever. */
const LATEST_MS = 30_000;

/** A stream, as soon as its headers are there; throws `ApiFault` for what the API refuses. */
export function open(path: string, ask?: Ask): Promise<Response> {
  return inTime(ask, (inner) => send(path, inner));
}

export function call<T>(path: string, ask?: Ask): Promise<T> {
  return inTime(ask, async (inner) => {
    const text = await (await send(path, inner)).text();
    return JSON.parse(text === '' ? 'null' : text);
  });
}

async function inTime<T>(ask: Ask = {}, act: (ask: Ask) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new TypeError('No answer in time')), LATEST_MS);
  try {
    return await act({ ...ask, signal: AbortSignal.any([late.signal, ...(ask.signal ? [ask.signal] : [])]) });
  } finally {
    clearTimeout(timer);
  }
}

async function send(path: string, ask: Ask): Promise<Response> {
  const { method = 'GET', json, headers = {}, signal } = ask;
  const response = await fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${storedToken() ?? ''}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(signal ? { signal } : {}),
  });
  if (response.ok) return response;
  if (response.status === 401) for (const listener of signedOut) listener();
  throw new ApiFault(response.status, await readProblem(response));
}

async function readProblem(response: Response): Promise<Partial<Problem>> {
  const isProblem = response.headers.get('content-type')?.includes('problem+json');
  return isProblem ? response.json() : {};
}

/** What a person is told of a failure. */
export function sayFault(error: unknown): string {
  if (error instanceof ApiFault) return error.message;
  if (error instanceof TypeError) return 'The API cannot be reached. Is the broker running?';
  return error instanceof Error ? error.message : String(error);
}
