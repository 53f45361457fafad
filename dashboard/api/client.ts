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

/** Asks the API; throws `ApiFault` for what it refuses. */
export async function open(path: string, ask: Ask = {}): Promise<Response> {
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

export async function call<T>(path: string, ask?: Ask): Promise<T> {
  const response = await open(path, ask);
  const text = await response.text();
  return JSON.parse(text === '' ? 'null' : text);
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
