/** 502 and 504 come from a proxy in front of a broker that restarts. */
const TRANSIENT: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function isTransient(status: number): boolean {
  return TRANSIENT.has(status);
}

export interface Repetition {
  /** Tries that were made. */
  attempt: number;
  /** Tries to be made at most. */
  tries: number;
  /** Seconds that the broker asked for. */
  retryAfter: number | undefined;
  /** Seconds; a broker that asks for more is not waited for. */
  longest: number;
  /** In [0, 1): spreads out clients that were refused together. */
  random: number;
}

/** Seconds until a request that may pass is sent again, or null when it is not. */
export function secondsUntilRepeat({
  attempt,
  tries,
  retryAfter = 0,
  longest,
  random,
}: Repetition): number | null {
  if (attempt >= tries) return null;
  const backoff = Math.min(0.25 * 2 ** (attempt - 1), 5) * (0.75 + random / 2);
  const seconds = Math.max(retryAfter, backoff);
  return seconds > longest ? null : seconds;
}

/** The seconds of a Retry-After (RFC 9110, 10.2.3): a number, or a date. `now` in milliseconds. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
