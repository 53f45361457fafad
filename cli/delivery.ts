import type { Delivery, DeliveryRecord } from '../shared/webhooks/delivery-record.ts';
import { foreign, usage } from './failure.ts';
import { isRecord } from './json.ts';

/** Checks as much of a delivery as this command line relies on. */
function isDelivery(value: unknown): value is Delivery {
  if (!isRecord(value) || !Array.isArray(value['attempts'])) return false;
  return ['id', 'job', 'event', 'url', 'status', 'created_at'].every(
    (name) => typeof value[name] === 'string',
  );
}

function isRecordOfAttempt(value: unknown): value is DeliveryRecord {
  return (
    isRecord(value) && ['id', 'url', 'outcome', 'event'].every((name) => typeof value[name] === 'string')
  );
}

export function toDeliveries(body: unknown, url: string): { data: Delivery[]; next: string | null } {
  const data: unknown[] = isRecord(body) && Array.isArray(body['data']) ? body['data'] : [undefined];
  if (!isRecord(body) || !data.every(isDelivery))
    throw foreign(url, 'its answer is not a list of deliveries');
  return { data, next: typeof body['next'] === 'string' ? body['next'] : null };
}

export function toAttempt(body: unknown, url: string): DeliveryRecord {
  if (!isRecordOfAttempt(body)) throw foreign(url, 'its answer is not an attempt to deliver');
  return body;
}

/** The path that has a message sent again. What is not an id is refused before it becomes part of a path. */
export function redeliveryPath(id: string): string {
  const job = /^msg_(job_[0-9a-z]+)_\d+$/.exec(id)?.[1];
  if (job === undefined)
    throw usage(
      `"${id}" is not the id of a delivery: those begin with msg_job_`,
      'npx inferq webhooks ls  lists them',
    );
  return `/jobs/${job}/deliveries/${id}/redeliver`;
}
