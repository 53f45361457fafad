import type { Agent, Dispatcher } from 'undici';
import type { AddressGuard } from '../../shared/webhooks/address-guard.ts';
import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import { sign } from '../../shared/webhooks/signing.ts';
import { networkFailure } from '../network-failure.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { readExcerpt } from './answer-excerpt.ts';
import { AddressRefused, createGuardedAgent, type Connector, type Lookup } from './connection.ts';

export interface WebhookSenderOptions {
  guard: AddressGuard;
  /** The broker's, for `User-Agent`. */
  version: string;
  lookup?: Lookup;
  connector?: Connector;
  /** Milliseconds of the epoch. */
  clock?: () => number;
  /** From the lookup to the last byte of the answer that is read. */
  timeoutMs?: number;
}

export interface WebhookMessage {
  /** The same for all repetitions: receivers tell doubles by it. */
  id: string;
  url: string;
  /** JSON, signed and sent as it is. */
  body: string;
  secrets: readonly string[];
  /** Further headers, such as `traceparent`. Those of the delivery itself cannot be replaced. */
  headers?: Readonly<Record<string, string>>;
}

export interface WebhookSender {
  /**
   * Makes one attempt and says how it went; the next is `nextDelivery`'s to decide. Throws only where the caller is
   * at fault: no usable secret, a header that is none, a closed sender.
   */
  send(message: WebhookMessage): Promise<DeliveryAttempt>;
  /** Waits for the attempts under way, at most `timeoutMs`, and closes the connections. */
  close(): Promise<void>;
}

type Result = Omit<DeliveryAttempt, 'at' | 'duration_ms'>;

export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { guard, version, lookup, connector, clock = Date.now, timeoutMs = 15_000 } = options;
  const agent = createGuardedAgent({ guard, lookup, connector, connectTimeoutMs: timeoutMs });
  const running = new Set<Promise<DeliveryAttempt>>();
  let closing: Promise<void> | undefined;

  async function attempt(message: WebhookMessage): Promise<DeliveryAttempt> {
    const sentAt = clock();
    const started = performance.now();
    const result = await deliver(message, sentAt);
    const duration = Math.round(performance.now() - started);
    return { at: new Date(sentAt).toISOString(), duration_ms: duration, ...result };
  }

  async function deliver(message: WebhookMessage, sentAt: number): Promise<Result> {
    // Again, although the API has asked: the operator's list may have changed since.
    const refusal = guard.checkUrl(message.url);
    if (refusal !== undefined) return { outcome: 'refused', error: refusal };
    const request = toRequest(message, sentAt, `inferq-webhooks/${version}`);
    return await within(timeoutMs, (signal) => post(agent, { ...request, signal }, clock));
  }

  return {
    async send(message) {
      if (closing) throw new Error('The webhook sender is closed.');
      const attempting = attempt(message);
      running.add(attempting);
      return await attempting.finally(() => running.delete(attempting));
    },
    close() {
      // Not agent.close(), and destroy() is not waited for: both wait for connections that are still being made.
      closing ??= Promise.allSettled(running).then(() => void agent.destroy());
      return closing;
    },
  };
}

function toRequest(message: WebhookMessage, sentAt: number, userAgent: string): Dispatcher.RequestOptions {
  const { id, url, body, secrets } = message;
  const { origin, pathname, search } = new URL(url);
  const headers = new Headers(message.headers);
  const own = {
    ...sign({ id, body, sentAt, secrets }),
    'content-type': 'application/json',
    'user-agent': userAgent,
  };
  for (const [name, value] of Object.entries(own)) headers.set(name, value);
  return { origin, path: pathname + search, method: 'POST', headers, body };
}

/** How long an attempt that was broken off has to say what it knows: whether a status had come. */
const LAST_WORD_MS = 250;

/** Ends the work with a failure after `timeoutMs`, however busily the receiver drips. */
async function within(timeoutMs: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  // undici does not give up a connection that is still being made when it is told to.
  const late = Promise.withResolvers<Result>();
  const lateTimer = setTimeout(() => late.resolve(timedOut(timeoutMs)), timeoutMs + LAST_WORD_MS);
  try {
    return await Promise.race([work(controller.signal), late.promise]);
  } catch (error) {
    return controller.signal.aborted ? timedOut(timeoutMs) : failureOf(error);
  } finally {
    clearTimeout(timer);
    clearTimeout(lateTimer);
  }
}

async function post(agent: Agent, request: Dispatcher.RequestOptions, clock: () => number): Promise<Result> {
  const { statusCode: status, headers, body } = await agent.request(request);
  const receivedAt = clock();
  const excerpt = await readExcerpt(body);
  if (status >= 200 && status < 300) return { outcome: 'delivered', status };
  const retryAfter = [headers['retry-after'] ?? []].flat()[0];
  const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, receivedAt);
  return {
    outcome: 'failed',
    status,
    error: answerSentence(status, excerpt),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}

function answerSentence(status: number, excerpt: string): string {
  const isRedirect = status >= 300 && status < 400;
  const meaning = isRedirect ? `${status}, and redirects are not followed` : String(status);
  return excerpt === ''
    ? `The receiver answered ${meaning}.`
    : `The receiver answered ${meaning}: ${excerpt}`;
}

function timedOut(timeoutMs: number): Result {
  return { outcome: 'failed', error: `No answer came within ${timeoutMs / 1000} s.` };
}

function failureOf(error: unknown): Result {
  if (error instanceof AddressRefused) return { outcome: 'refused', error: error.message };
  const sentence = networkFailure(error);
  if (sentence === undefined) throw error;
  return { outcome: 'failed', error: sentence };
}
