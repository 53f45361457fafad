import type { InferqError } from '../../shared/errors.ts';
import type { Place } from '../../shared/redis/newest-first.ts';
import { LIMIT } from './page.ts';
import { invalidParameter } from './query.ts';

/** How many the query of a list asks for. Throws `invalid_request`. */
export function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= LIMIT.most) return limit;
  throw invalidParameter('limit', `must be a whole number from 1 to ${LIMIT.most}`);
}

/** After which item the page is to begin; `id`: what the ids of the list are like. Throws `invalid_request`. */
export function parseCursor(text: string, id: RegExp): Place {
  const [, createdAt, after = ''] =
    /^(\d{1,15})\.(.+)$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (createdAt && id.test(after)) return { createdAt: Number(createdAt), id: after };
  throw invalidParameter('cursor', 'is not one that this list has given out');
}

/** The same query for the page that begins after the cursor. */
export function queryAfter(query: URLSearchParams, { createdAt, id }: Place): string {
  const next = new URLSearchParams(query);
  next.set('cursor', Buffer.from(`${createdAt}.${id}`).toString('base64url'));
  return next.toString();
}

export function unknownParameter(name: string): InferqError {
  return invalidParameter(name, 'is not a parameter of this list');
}
