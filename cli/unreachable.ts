import { messageOf } from '../shared/errors.ts';
import { unreachable, type Failure } from './failure.ts';

/** Why no answer came, by the code that the operating system, Node or undici gives. */
const REASONS: Record<string, { why: string; transient: boolean }> = {
  ECONNREFUSED: { why: 'nothing listens there', transient: true },
  ECONNRESET: { why: 'the connection was cut', transient: true },
  EPIPE: { why: 'the connection was cut', transient: true },
  UND_ERR_SOCKET: { why: 'the connection was cut', transient: true },
  EAI_AGAIN: { why: 'the name server does not answer', transient: true },
  ETIMEDOUT: { why: 'no connection within the time', transient: true },
  UND_ERR_CONNECT_TIMEOUT: { why: 'no connection within the time', transient: true },
  ENETUNREACH: { why: 'there is no way to that network', transient: true },
  EHOSTUNREACH: { why: 'there is no way to that host', transient: true },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    why: 'what listens there does not speak TLS; is it http://?',
    transient: false,
  },
  ENOTFOUND: { why: 'the host name is not known', transient: false },
};

/** What `fetch` threw, as a failure; `timeout` is what the try was given, in seconds. */
export function toFailure(url: string, thrown: unknown, timeout: number): Failure {
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError') {
    return unreachable(url, `no answer within ${timeout} s`, true);
  }
  // fetch says no more than "fetch failed"; the reason is its cause.
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const reason = REASONS[codeOf(cause)];
  return reason
    ? unreachable(url, reason.why, reason.transient)
    : unreachable(url, messageOf(cause) || 'there was no HTTP answer', false);
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
