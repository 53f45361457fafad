import { InferqError } from '../../shared/errors.ts';
import { readPreferences } from './preferences.ts';
import { valueOf } from './query.ts';

const LONGEST = 60;

/**
 * How many seconds the client is ready to wait: `?wait=N` or `Prefer: wait=N` (RFC 7240), 0 where it is not. `wait`
 * alone is the longest, as clients of Replicate have it. A preference that cannot be met is met as far as possible, as
 * the RFC says; a bad parameter is a fault.
 */
export function waitOf(query: URLSearchParams, prefer: string | undefined): number {
  const parameter = valueOf(query, 'wait');
  if (parameter !== undefined) {
    const seconds = Number(parameter);
    if (/^\d+$/.test(parameter) && seconds >= 1 && seconds <= LONGEST) return seconds;
    const detail = `wait must be a whole number of seconds from 1 to ${LONGEST}.`;
    throw new InferqError('invalid_request', detail, { errors: [{ pointer: '?wait', detail }] });
  }
  const preference = prefer === undefined ? undefined : readPreferences(prefer).get('wait');
  if (preference === undefined || !/^\d*$/.test(preference)) return 0;
  return Math.min(Number(preference || LONGEST), LONGEST);
}
