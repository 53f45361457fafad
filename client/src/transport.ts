import { ApiError, ConnectionError } from './errors.ts';
import { readLive } from './live-body.ts';
import { pause } from './pause.ts';
import { isTransient, parseRetryAfter, secondsUntilRepeat } from './retry.ts';
import type { Problem } from './schema.ts';

export interface ClientOptions {
  /** Where the broker is, such as `https://inferq.example.org`. */
  url: string;
  /** An API token or a JWT; a function is asked before each request, so that it can renew a JWT. */
  token: string | (() => string | Promise<string>);
  /** How often a request is sent at most, where sending it again is harmless. 5 by default; 1 is never again. */
  tries?: number;
  /** Seconds that the broker may ask to be left alone before the client gives up instead. 60 by default. */
  longestPause?: number;
  /** Seconds for one try, without what the broker is asked to wait. 30 by default. */
  timeout?: number;
  /** Seconds without a byte after which a stream is taken for broken. 40 by default; the broker sends a comment every 15. */
  longestSilence?: number;
  fetch?: typeof fetch;
  /** Reads the JSON of answers. `JSON.parse` rounds integers over 2^53; another one need not. */
  parse?: typeof JSON.parse;
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether sending it twice is harmless. That of a GET, PUT and DELETE is taken to be. */
  repeatable?: boolean;
  /** Seconds that the broker holds the answer. */
  wait?: number;
  signal?: AbortSignal | undefined;
}

export interface Opened {
  status: number;
  /** What comes, as it comes; null where there is no body. */
  pieces: AsyncIterable<Uint8Array> | null;
}

export interface Transport {
  /**
   * The JSON of the answer, taken at the word of the document; null where there is none. Throws an ApiError or a
   * ConnectionError.
   */
  ask<T>(request: Request): Promise<T>;
  /** A stream, as soon as its headers are there. Throws likewise, also while it is read. */
  open(request: Request): Promise<Opened>;
}

export function createTransport(options: ClientOptions): Transport {
  const { tries = 5, longestPause = 60, timeout = 30, longestSilence = 40, parse = JSON.parse } = options;
  const base = options.url.replace(/\/+$/, '');
  const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init));

  async function once<T>(request: Request, read: (response: Response) => Promise<T>): Promise<T> {
    const deadline = new AbortController();
    const ring = () => deadline.abort(new DOMException('', 'TimeoutError'));
    const timer = setTimeout(ring, (timeout + (request.wait ?? 0)) * 1000);
    const signal = AbortSignal.any([deadline.signal, ...(request.signal ? [request.signal] : [])]);
    try {
      const headers = headersOf(
        request,
        typeof options.token === 'string' ? options.token : await options.token(),
      );
      const response = await send(base + request.path, {
        ...contentOf(request),
        headers,
        signal,
        redirect: 'error',
      });
      if (!response.ok) throw await refusalOf(response);
      return await read(response);
    } catch (thrown) {
      request.signal?.throwIfAborted();
      if (thrown instanceof ApiError) throw thrown;
      throw new ConnectionError(`${request.method ?? 'GET'} ${base}${request.path}: no answer`, {
        cause: thrown,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function patiently<T>(request: Request, read: (response: Response) => Promise<T>): Promise<T> {
    const { method = 'GET', repeatable = method !== 'POST', signal } = request;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await once(request, read);
      } catch (thrown) {
        if (!mayPass(thrown, repeatable)) throw thrown;
        const retryAfter = thrown instanceof ApiError ? thrown.retryAfter : undefined;
        const seconds = secondsUntilRepeat({
          attempt,
          tries,
          retryAfter,
          longest: longestPause,
          random: Math.random(),
        });
        if (seconds === null) throw thrown;
        await pause(seconds, signal);
      }
    }
  }

  return {
    ask: (request) => patiently(request, async (response) => parse((await response.text()) || 'null')),
    open: (request) =>
      patiently(request, async ({ status, body }) => ({
        status,
        pieces: body && readLive(body, longestSilence),
      })),
  };
}

/** Whether the same request, sent again, may pass; what was refused with 429 did nothing. */
function mayPass(thrown: unknown, repeatable: boolean): boolean {
  if (thrown instanceof ApiError) return thrown.status === 429 || (repeatable && isTransient(thrown.status));
  return repeatable && thrown instanceof ConnectionError;
}

function headersOf({ body, headers }: Request, token: string): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
}

function contentOf({ method = 'GET', body }: Request): { method: string; body?: string } {
  return { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
}

async function refusalOf(response: Response): Promise<ApiError> {
  const { status, headers } = response;
  const problem = readProblem(await response.text());
  const requestId = headers.get('x-request-id') ?? undefined;
  return new ApiError({
    status,
    problem,
    requestId,
    retryAfter: parseRetryAfter(headers.get('retry-after'), Date.now()),
  });
}

function readProblem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isProblem(value) ? value : undefined;
  } catch (error) {
    // A proxy's page; the status says enough.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'error_type' in value && 'detail' in value;
}
