import { InferqError } from '../../shared/errors.ts';
import type { Place } from '../../shared/redis/newest-first.ts';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../../shared/webhooks/delivery-status.ts';
import { readTime } from '../http/time.ts';

const LIMIT = { default: 20, most: 100 };

export interface DeliveryQuery {
  status: DeliveryStatus | undefined;
  since: number | undefined;
  limit: number;
  cursor: Place | undefined;
}

/** Reads the query of `GET /webhooks/deliveries`; throws `invalid_request` for what it does not know. */
export function readDeliveryQuery(query: URLSearchParams): DeliveryQuery {
  const result: DeliveryQuery = {
    status: undefined,
    since: undefined,
    limit: LIMIT.default,
    cursor: undefined,
  };
  for (const [name, value] of query) {
    if (name === 'status') result.status = readStatus(value);
    else if (name === 'since') result.since = readTime(value, '?since');
    else if (name === 'limit') result.limit = readLimit(value);
    else if (name === 'cursor') result.cursor = parseCursor(value);
    else throw invalid(`?${name.slice(0, 80)}`, `${name.slice(0, 80)} is not a parameter of this list.`);
  }
  return result;
}

/** The path of the page that begins after the cursor. */
export function nextDeliveries(query: URLSearchParams, { createdAt, id }: Place): string {
  const next = new URLSearchParams(query);
  next.set('cursor', Buffer.from(`${createdAt}.${id}`).toString('base64url'));
  return `/webhooks/deliveries?${next.toString()}`;
}

function readStatus(text: string): DeliveryStatus {
  const status = DELIVERY_STATUSES.find((known) => known === text);
  if (status) return status;
  throw invalid('?status', `status must be one of ${DELIVERY_STATUSES.join(', ')}.`);
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= LIMIT.most) return limit;
  throw invalid('?limit', `limit must be a whole number from 1 to ${LIMIT.most}.`);
}

function parseCursor(text: string): Place {
  const [, createdAt, id] =
    /^(\d{1,15})\.(msg_job_[0-9a-z]+_\d+)$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (createdAt && id) return { createdAt: Number(createdAt), id };
  throw invalid('?cursor', 'cursor is not one that this list has given out.');
}

function invalid(pointer: string, detail: string): InferqError {
  return new InferqError('invalid_request', detail, { errors: [{ pointer, detail }] });
}
