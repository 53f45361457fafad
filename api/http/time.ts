import { InferqError } from '../../shared/errors.ts';

const TIME = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/i;
/** What can be written with a year of four digits. */
const EARLIEST = Date.parse('0000-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A time that a client gives, RFC 3339, as milliseconds of the epoch. Throws `invalid_request`, also for a leap second,
 * which the epoch has no number for. `pointer` is to where it stands: `/since`, `?since`.
 */
export function readTime(text: string, pointer: string): number {
  const [, day = ''] = TIME.exec(text) ?? [];
  const time = isDay(day) ? Date.parse(text) : Number.NaN;
  if (time >= EARLIEST && time <= LATEST) return time;
  const detail = `${pointer.slice(1)} must be a time such as 2026-11-23T16:00:00Z, of the calendar and without a leap second.`;
  throw new InferqError('invalid_request', detail, { errors: [{ pointer, detail }] });
}

/** Whether the calendar has this day, `2026-11-23`: Date.parse takes the 30th of February for the 2nd of March. */
export function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
