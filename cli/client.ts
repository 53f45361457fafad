import { checkAnswer, readAnswer, type Answer } from './answer.ts';
import type { Connection } from './connection.ts';
import type { Subject } from './cure.ts';
import { Failure } from './failure.ts';
import { pause } from './pause.ts';
import { secondsUntilRepeat } from './repeat.ts';
import { toFailure } from './unreachable.ts';

export interface Call {
  path: string;
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** JSON. */
  body?: string;
  headers?: Record<string, string>;
  /** Whether sending it twice is harmless; a GET always is. */
  idempotent?: boolean;
  /** How often it is sent at most. */
  tries?: number;
  /** Seconds for one try. */
  timeout?: number;
  signal?: AbortSignal;
  about?: Subject;
}

export interface Client {
  readonly connection: Connection;
  /** Sends until it passes or trying again is no use. Throws a Failure for anything but 2xx. */
  call(call: Call): Promise<Answer>;
  /** Sends once and takes any status. Throws a Failure when there is no answer. */
  probe(call: Call): Promise<Answer>;
  /** Opens a stream: the headers are there, the body is not read. Throws like `call`. */
  open(call: Call): Promise<Response>;
}

export interface ClientParts {
  connection: Connection;
  fetch: typeof fetch;
  random: () => number;
  /** Told what the person should see while it is tried again. */
  note: (text: string) => void;
  /** Told of every request. */
  trace: (text: string) => void;
}

const TRIES = 4;
const TIMEOUT = 30;

export function createClient(parts: ClientParts): Client {
  const { connection } = parts;

  async function probe(call: Call): Promise<Answer> {
    // Of the body as well: the signal stays in force until all of it is there.
    return guard(call, async (signal) => readAnswer(await send(call, signal)));
  }

  async function open(call: Call): Promise<Response> {
    const response = await guard(call, (signal) => send(call, signal));
    if (!response.ok) checkAnswer(await readAnswer(response), connection.url, call.about);
    return response;
  }

  async function guard<T>(call: Call, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController();
    const { timeout = TIMEOUT } = call;
    const timer = setTimeout(() => deadline.abort(new DOMException('', 'TimeoutError')), timeout * 1000);
    try {
      return await act(AbortSignal.any([deadline.signal, ...(call.signal ? [call.signal] : [])]));
    } catch (thrown) {
      call.signal?.throwIfAborted();
      throw toFailure(connection.url, thrown, timeout);
    } finally {
      clearTimeout(timer);
    }
  }

  async function send(call: Call, signal: AbortSignal): Promise<Response> {
    const { method = 'GET', path, body } = call;
    const started = performance.now();
    const response = await parts.fetch(connection.url + path, {
      method,
      headers: headersOf(call, connection.token),
      // A redirect would turn a POST into a GET and could carry the job elsewhere.
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const took = Math.round(performance.now() - started);
    parts.trace(
      `${method} ${path} ${response.status} ${took} ms ${response.headers.get('x-request-id') ?? ''}`,
    );
    return response;
  }

  async function call(request: Call): Promise<Answer> {
    const tries =
      request.idempotent === true || (request.method ?? 'GET') === 'GET' ? (request.tries ?? TRIES) : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await probe(request);
        checkAnswer(answer, connection.url, request.about);
        return answer;
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        const seconds = secondsUntilRepeat(thrown, attempt, tries, parts.random());
        if (seconds === null) throw thrown;
        parts.note(
          `${thrown.problem.title}; trying again in ${seconds.toFixed(1)} s (${attempt}/${tries - 1})`,
        );
        await pause(seconds, request.signal);
      }
    }
  }

  return { connection, call, probe, open };
}

function headersOf(call: Call, token: string | undefined): Record<string, string> {
  return {
    Accept: 'application/json, application/problem+json',
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...call.headers,
  };
}
