import type { Failure } from './failure.ts';

/** Seconds; a broker that asks for more is not waited for. */
const LONGEST_WAIT = 60;

/**
 * Seconds until a request is sent again, or null when it is not: `attempt` tries were made of `tries`. `random` is
 * in [0, 1) and spreads out many clients that were refused together.
 */
export function secondsUntilRepeat(failure: Failure, attempt: number, tries: number, random: number) {
  if (!failure.transient || attempt >= tries) return null;
  const backoff = Math.min(0.25 * 2 ** (attempt - 1), 5) * (0.75 + random / 2);
  const seconds = Math.max(failure.retryAfter ?? 0, backoff);
  return seconds > LONGEST_WAIT ? null : seconds;
}

/** The seconds of a Retry-After (RFC 9110, 10.2.3): a number, or a date. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
