import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InferqError } from '../../shared/errors.ts';
import type { DeliveryLog } from '../../shared/redis/delivery-log.ts';
import type { DeliveryQueue } from '../../shared/redis/delivery-queue.ts';
import type { AddressGuard } from '../../shared/webhooks/address-guard.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { message } from '../../shared/webhooks/job-message.ts';

export interface TestEventParts {
  guard: AddressGuard;
  deliveries: DeliveryLog;
  deliveryQueue: DeliveryQueue;
}

const LOOK_EVERY_MS = 100;
/** An attempt takes 15 s at most. */
const ENDED_WITHIN_MS = 20_000;

/**
 * Has a worker send a test event, once: it is the workers that reach receivers, the API need not be able to. Answers
 * the attempt when it is over. Throws `invalid_request` for a URL that is refused and `webhooks_unavailable` where no
 * worker takes it.
 */
export async function sendTestEvent(
  { guard, deliveries, deliveryQueue }: TestEventParts,
  { tenant, url, requestId }: { tenant: string; url: string; requestId: string },
  signal: AbortSignal,
): Promise<DeliveryRecord> {
  const refusal = guard.checkUrl(url);
  if (refusal !== undefined)
    throw new InferqError('invalid_request', refusal, { errors: [{ pointer: '/url', detail: refusal }] });
  const jobId = `test_${randomBytes(12).toString('hex')}`;
  const body = message('webhook.test', Date.now(), JSON.stringify({ id: jobId, tenant }));
  const about = { id: `msg_${jobId}`, jobId, tenant, url, requestId };
  await deliveryQueue.add({ ...about, event: 'webhook.test', body });
  for (const end = performance.now() + ENDED_WITHIN_MS; performance.now() < end && !signal.aborted;) {
    const attempt = (await deliveries.list(jobId)).find(
      ({ outcome }) => outcome !== 'running' && outcome !== 'lost',
    );
    if (attempt) return attempt;
    await sleep(LOOK_EVERY_MS);
  }
  const detail = `No worker has sent it within ${ENDED_WITHIN_MS / 1000} s: see that one delivers webhooks.`;
  throw new InferqError('webhooks_unavailable', detail, { retryAfter: 5 });
}
