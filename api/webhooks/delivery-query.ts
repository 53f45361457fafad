import type { Place } from '../../shared/redis/newest-first.ts';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../../shared/webhooks/delivery-status.ts';
import { invalidParameter, valuesOf } from '../http/query.ts';
import { LIMIT } from '../http/page.ts';
import { parseCursor, readLimit, unknownParameter } from '../http/page-query.ts';
import { readTime } from '../http/time.ts';

const ID = /^msg_job_[0-9a-z]+_\d+$/;

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
  for (const [name, value] of valuesOf(query)) {
    if (name === 'status') result.status = readStatus(value);
    else if (name === 'since') result.since = readTime(value, '?since');
    else if (name === 'limit') result.limit = readLimit(value);
    else if (name === 'cursor') result.cursor = parseCursor(value, ID);
    else throw unknownParameter(name);
  }
  return result;
}

function readStatus(text: string): DeliveryStatus {
  const status = DELIVERY_STATUSES.find((known) => known === text);
  if (status) return status;
  throw invalidParameter('status', `must be one of ${DELIVERY_STATUSES.join(', ')}`);
}
