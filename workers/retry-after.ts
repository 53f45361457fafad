const SECONDS = /^\d{1,10}$/;
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3: seconds, or one of the three forms of an HTTP-date).
 *
 * @param now milliseconds of the epoch
 * @returns milliseconds from now, 0 for a date gone by, undefined for what is neither
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (SECONDS.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return undefined;
  // The asctime form has no zone: without one, Date.parse takes it for local time.
  const date = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
