import { type ErrorCode, type ErrorExtras, InferqError } from '../shared/errors.ts';
import type { EndpointAddress } from './endpoint-address.ts';
import { networkFailure } from './network-failure.ts';
import type { ServerFault } from './protocols/protocol.ts';
import { parseRetryAfter } from './retry-after.ts';

const MESSAGE_CHARACTERS = 300;

/** An answer that is not 2xx, as far as it matters. `message` is the server's own, unedited. */
export interface Refusal {
  status: number;
  retryAfter: string | undefined;
  message: string | undefined;
  /** What the protocol makes of it, where that is more than the status says. */
  fault?: ServerFault | undefined;
}

/** The error a refusal means. A `Retry-After` beyond `maxRetryAfterS` seconds is cut to it; `now` is epoch ms. */
export function refusalFault(
  { status, retryAfter, message, fault }: Refusal,
  { name, secrets }: EndpointAddress,
  { now, maxRetryAfterS }: { now: number; maxRetryAfterS: number },
): InferqError {
  const code = fault?.code ?? codeOf(status);
  const busy = fault?.busy ?? false;
  const said = message === undefined ? '' : ` and said: ${excerpt(message, secrets)}`;
  const advice = busy ? adviceFor(429) : adviceFor(status);
  const detail = `The model endpoint ${name} answered ${status}${said}. ${advice}`;
  const waitMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, now);
  // The server's own failure may be over by the next time; what it refused it would refuse again.
  const retryable = code === 'model_error' ? status === 500 : undefined;
  const extras = { busy, upstream: status, ...(retryable === undefined ? {} : { retryable }) };
  if (waitMs === undefined || (code === 'model_error' && !retryable))
    return new InferqError(code, detail, extras);
  return new InferqError(code, detail, { ...extras, retryAfter: Math.min(waitMs / 1000, maxRetryAfterS) });
}

/** The error that a connection, or the lack of one, means; what neither Node nor undici threw comes back as it is. */
export function connectionFault(thrown: unknown, { name }: EndpointAddress): unknown {
  if (thrown instanceof InferqError || !isOfNetwork(thrown)) return thrown;
  const failure = networkFailure(thrown);
  const code = failure === undefined ? 'model_error' : 'model_unavailable';
  const detail =
    failure === undefined
      ? `The request to the model endpoint ${name} could not be made. Check its url and headers.`
      : `The model endpoint ${name} failed. ${failure} Check that it runs and that this worker can reach it.`;
  return new InferqError(code, detail, { cause: thrown });
}

/** They carry a code, but for undici's parser, whose errors have a name only. */
function isOfNetwork(thrown: unknown): boolean {
  return thrown instanceof Error && ('code' in thrown || thrown.name === 'HTTPParserError');
}

export function timeoutFault(timeoutMs: number, { name }: EndpointAddress): InferqError {
  const detail = `The model endpoint ${name} had not finished its answer after ${timeoutMs / 1000} s. Make the model faster, or raise its timeout.`;
  return new InferqError('model_timeout', detail);
}

/** An error about a 2xx answer: `sentence` goes on from the endpoint's name, and may quote the server. */
export function answerFault(
  code: ErrorCode,
  sentence: string,
  { name, secrets }: EndpointAddress,
  extras: ErrorExtras = {},
): InferqError {
  return new InferqError(code, `The model endpoint ${name} ${excerpt(sentence, secrets)}`, extras);
}

function codeOf(status: number): ErrorCode {
  if (status === 408 || status === 504) return 'model_timeout';
  // From 520 on they are those of proxies and overloaded services; 501 and 505 would come back each time.
  return [425, 429, 502, 503].includes(status) || status >= 520 ? 'model_unavailable' : 'model_error';
}

function adviceFor(status: number): string {
  if (status < 400) return "Redirects are not followed: set the endpoint's url to where the model answers.";
  if (status === 401 || status === 403) return "Check the credentials in the endpoint's headers.";
  if (status === 404 || status === 405) return "Check the endpoint's url and the model's protocol.";
  if (status === 429) return "Lower the model's concurrency, or give it more endpoints.";
  if (status >= 500 || status === 408) return "Look into the model server's log.";
  return "Check the input against what the model takes, and the model's preprocess.";
}

/** One line of bounded length without control characters: it goes into logs and to the client. */
function excerpt(message: string, secrets: string[]): string {
  const redacted = secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), message);
  const line = redacted.replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ').trim();
  return Array.from(line).slice(0, MESSAGE_CHARACTERS).join('');
}
