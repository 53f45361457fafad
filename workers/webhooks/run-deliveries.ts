import type { Job } from 'bullmq';
import type { Events } from '../../shared/events.ts';
import type { Place, Tracing } from '../../shared/observe/trace-context.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import type { DeliveryLog, Logged } from '../../shared/redis/delivery-log.ts';
import { DELIVERY_QUEUE, type QueuedDelivery } from '../../shared/redis/delivery-queue.ts';
import type { WebhookSecrets } from '../../shared/redis/webhook-secrets.ts';
import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { historyOf, isPutOffTooLong, skippedAttempt, type History } from './delivery-history.ts';
import type { WebhookSender } from './delivery.ts';
import { createQueueWorker } from './queue-worker.ts';
import type { Receivers, Turn } from './receivers.ts';
import { nextDelivery } from './retry-schedule.ts';

export interface DeliveryWorkerParts {
  connection: RedisConnection;
  sender: WebhookSender;
  receivers: Receivers;
  secrets: WebhookSecrets;
  log: DeliveryLog;
  events: Events;
  tracing: Tracing;
  concurrency: number;
  /** Seconds after which the deliveries of a worker that gives no sign of life go to another. */
  lockTime: number;
  random: () => number;
}

const PUT_OFF_MS = 5000;
const TAKEN = 'Another worker makes this attempt: this one was taken for dead.';
const LOST = 'Its worker died during it, or gave no sign of life for too long.';

/** Takes deliveries from their queue, makes one attempt, notes it, and puts back what must be repeated. */
export function createDeliveryWorker(parts: DeliveryWorkerParts) {
  /** Answers when to bring the delivery again; undefined where it is over. */
  async function deliver(job: Job<QueuedDelivery>): Promise<number | undefined> {
    const { id, jobId, spent = 0, requestId } = job.data;
    const records = (await parts.log.list(jobId)).filter((record) => record.id === id);
    const history = historyOf(records, spent);
    const about = aboutOf(job.data);
    for (const record of history.open)
      await parts.log.end(about, { ...record, outcome: 'lost', error: LOST });
    if (history.isOver) return undefined;
    const turn = await takeTurn(job, history);
    if ('made' in turn) return conclude(job.data, history, turn.made);
    const now = Date.now();
    if (!isPutOffTooLong(await parts.log.putOff(jobId, id, now), now)) {
      const { why, putOffMs: milliseconds } = turn;
      parts.events.emit('webhook.put_off', { jobId, id, why, milliseconds, ...named(requestId) });
      return now + turn.putOffMs;
    }
    const skipped = skippedAttempt(turn.why, now);
    await parts.log.begin(about, recordOf(job.data, history.next, skipped, null), String(job.id));
    return conclude(job.data, history, skipped);
  }

  /** The same for whoever asks: an attempt links to the one before. */
  function placeOf({ id, traceparent }: QueuedDelivery, { next }: History): Place | undefined {
    const keyOf = (attempt: number): string => `delivery ${id} ${attempt}`;
    const after = next > 1 ? keyOf(next - 1) : undefined;
    return traceparent === undefined
      ? undefined
      : parts.tracing.step(traceparent, { key: keyOf(next), after });
  }

  async function takeTurn(job: Job<QueuedDelivery>, history: History): Promise<Turn> {
    const { id, url, body, tenant, event } = job.data;
    const traceparent = placeOf(job.data, history)?.own ?? job.data.traceparent;
    const make = async (): Promise<DeliveryAttempt> => {
      const secrets = await parts.secrets.list(tenant);
      const at = new Date().toISOString();
      const begun: DeliveryRecord = {
        id,
        event,
        url,
        attempt: history.next,
        next_at: null,
        at,
        outcome: 'running',
      };
      if (!(await parts.log.begin(aboutOf(job.data), begun, String(job.id)))) throw new Error(TAKEN);
      return parts.sender.send({ id, url, body, secrets, headers: traceparent ? { traceparent } : {} });
    };
    // Somebody waits for what becomes of a test, also where the receiver is known to be dead.
    return event === 'webhook.test' ? { made: await make() } : parts.receivers.attempt(tenant, url, make);
  }

  async function conclude(
    delivery: QueuedDelivery,
    history: History,
    made: DeliveryAttempt,
  ): Promise<number | undefined> {
    const { id, jobId, event, url, requestId } = delivery;
    const { next, place } = history;
    const trace = placeOf(delivery, history);
    const step = nextDelivery({ attempt: place, outcome: made, random: parts.random() });
    const nextAt = 'retryInMs' in step && event !== 'webhook.test' ? Date.now() + step.retryInMs : undefined;
    await parts.log.end(aboutOf(delivery), recordOf(delivery, next, made, nextAt ?? null));
    const { outcome, status, error } = made;
    parts.events.emit('webhook.attempted', {
      jobId,
      id,
      event,
      origin: new URL(url).origin,
      attempt: next,
      outcome,
      milliseconds: made.duration_ms,
      ...named(requestId),
      ...(trace ? { trace } : {}),
      ...(status === undefined ? {} : { status }),
      ...(error === undefined ? {} : { error }),
    });
    return nextAt;
  }

  return createQueueWorker<QueuedDelivery>({
    ...parts,
    queue: DELIVERY_QUEUE,
    take: deliver,
    afterFault: () => Date.now() + PUT_OFF_MS,
    where: 'delivering a webhook',
  });
}

/** Deliveries of before the update do not say. */
function named(requestId: string | undefined): { requestId?: string } {
  return requestId === undefined ? {} : { requestId };
}

/** A test stands in no list: whoever asked for it has its answer. */
function aboutOf({ jobId, tenant, event }: QueuedDelivery): Logged {
  return { jobId, tenant: event === 'webhook.test' ? undefined : tenant };
}

function recordOf(
  { id, event, url }: QueuedDelivery,
  attempt: number,
  made: DeliveryAttempt,
  nextAt: number | null,
): DeliveryRecord {
  return {
    id,
    event,
    url,
    ...made,
    attempt,
    next_at: nextAt === null ? null : new Date(nextAt).toISOString(),
  };
}
