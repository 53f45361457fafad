import { InferqError } from '../shared/errors.ts';
import type { ExactNumbers } from '../shared/exact-numbers.ts';
import type { Endpoint } from '../shared/model.ts';
import { addressOf, lowerCased, type EndpointAddress } from './endpoint-address.ts';
import { readAnswer, readRefusal, type AnswerContext } from './endpoint-answer.ts';
import { createExchange, type Exchange } from './endpoint-exchange.ts';
import { connectionFault, refusalFault, timeoutFault } from './endpoint-fault.ts';
import { createEndpointPools } from './endpoint-pools.ts';
import type { EndpointRequest, Protocol, StreamPart } from './protocols/protocol.ts';
import { createRoster, type Roster } from './roster.ts';
import type { BreakSignal } from './break-signal.ts';

export interface EndpointCall {
  endpoint: Endpoint;
  protocol: Protocol;
  request: EndpointRequest;
  /** Sent besides the endpoint's own and the protocol's, and before them where names meet. */
  headers?: Record<string, string>;
  /** For the whole call, from the connection to the last byte. */
  timeoutMs: number;
  /** The most that an answer may have. */
  maxBytes: number;
  /** Breaks the call off: the connection is closed at once and the call rejects with the signal's reason. */
  signal?: BreakSignal;
  /** Progress and chunks of a streamed answer, in order; the stream is read on when it has resolved. */
  onPart?: (part: StreamPart) => void | Promise<void>;
  /** Gets the integers of the answer that a double rounds, for `stringifyExactly`. */
  exact?: ExactNumbers;
}

export interface EndpointCallerOptions {
  /** To make a connection. */
  connectTimeoutMs?: number;
  /** The longest `Retry-After` that is believed, in seconds. */
  maxRetryAfterS?: number;
  /** How many origins are kept connected. */
  maxOrigins?: number;
  /** Milliseconds of the epoch. */
  now?: () => number;
}

/** Calls model endpoints over HTTP. */
export interface EndpointCaller {
  /**
   * The answer's body, fit for `protocol.toOutput`. Throws an InferqError that names the endpoint, never its secrets:
   * `model_unavailable` (no connection, 429, 502, 503, broken off; with `retryAfter` where the server gave one),
   * `model_timeout` (too slow, 408, 504), `model_error` (any other refusal, redirects included), `invalid_output`
   * (not JSON), `result_too_large`; or what the protocol makes of the answer. `busy` is set where the server is full.
   */
  call(call: EndpointCall): Promise<unknown>;
  /** Breaks off what runs, with `shutting_down`. */
  close(): Promise<void>;
}

const REFUSAL_BYTES = 64 * 1024;

/** One for a process: it holds the keep-alive connections. */
export function createEndpointCaller({
  connectTimeoutMs = 10_000,
  maxRetryAfterS = 300,
  maxOrigins = 1000,
  now = Date.now,
}: EndpointCallerOptions = {}): EndpointCaller {
  const pools = createEndpointPools({ connectTimeoutMs, maxOrigins });
  const addresses = new WeakMap<Endpoint, EndpointAddress>();
  const running = createRoster<(reason: unknown) => void>();

  function addressFor(endpoint: Endpoint): EndpointAddress {
    const address = addresses.get(endpoint) ?? addressOf(endpoint);
    addresses.set(endpoint, address);
    return address;
  }

  async function send({ request, headers = {} }: EndpointCall, context: AnswerContext): Promise<unknown> {
    const { address, maxBytes, exchange } = context;
    const own = lowerCased(headers);
    const answer = await exchange.answer(
      pools.of(address.origin),
      {
        path: request.keyInPath ? pathWithKey(address.path, own) : address.path,
        method: request.method,
        headers: { ...request.headers, ...address.headers, ...own },
        body: JSON.stringify(request.body),
      },
      { most: maxBytes, ofRefusal: REFUSAL_BYTES },
    );
    try {
      if (answer.statusCode < 300) return await readAnswer(answer, context);
      throw refusalFault(readRefusal(answer, context), address, { now: now(), maxRetryAfterS });
    } finally {
      answer.stream?.destroy();
    }
  }

  return {
    async call(call) {
      const { endpoint, protocol, maxBytes, timeoutMs, onPart, exact } = call;
      const address = addressFor(endpoint);
      call.signal?.throwIfAborted();
      return await breakable(
        { running, signal: call.signal, timeoutMs, late: () => timeoutFault(timeoutMs, address) },
        (exchange) =>
          send(call, { address, protocol, maxBytes, exchange, onPart, exact }).catch((thrown: unknown) => {
            throw connectionFault(thrown, address);
          }),
      );
    },
    async close() {
      const reason = new InferqError('shutting_down', 'The worker stopped while it called the model.');
      for (const breakOff of running.all()) breakOff(reason);
      await pools.close();
    },
  };
}

/** `/predictions/?a=b` and the key `job_1`: `/predictions/job_1?a=b`. */
function pathWithKey(path: string, headers: Record<string, string>): string {
  const key = headers['idempotency-key'];
  if (key === undefined) throw new TypeError('This protocol needs a call with an Idempotency-Key.');
  const [pathname = '', ...query] = path.split('?');
  const under = `${pathname.replace(/\/$/, '')}/${encodeURIComponent(key)}`;
  return [under, ...query].join('?');
}

interface BreakOptions {
  /** Ways to break off each piece of work that runs. */
  running: Roster<(reason: unknown) => void>;
  signal: BreakSignal | undefined;
  timeoutMs: number;
  late: () => InferqError;
}

/**
 * Work that the signal, the clock or who holds `running` may break off. It rejects at once then, while the work is
 * told as well: undici lets go of a request only when its connection stands, and a host that swallows packets must not
 * hold a job.
 */
function breakable<T>(
  { running, signal, timeoutMs, late }: BreakOptions,
  work: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const exchange = createExchange();
    const release = (): void => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
      running.remove(listed);
    };
    const breakOff = (reason: unknown): void => {
      release();
      exchange.breakOff();
      reject(reason);
    };
    const onAbort = (): void => breakOff(signal?.reason);
    const deadline = setTimeout(() => breakOff(late()), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    const listed = running.add(breakOff);
    void work(exchange).then(resolve, reject).then(release);
  });
}
