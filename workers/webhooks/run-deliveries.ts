import { DelayedError, Worker, type Job } from 'bullmq';
import type { Events } from '../../shared/events.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import type { DeliveryLog } from '../../shared/redis/delivery-log.ts';
import { DELIVERY_QUEUE, type Delivery } from '../../shared/redis/delivery-queue.ts';
import type { WebhookSecrets } from '../../shared/redis/webhook-secrets.ts';
import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import type { WebhookSender } from './delivery.ts';
import { nextDelivery } from './retry-schedule.ts';

export interface DeliveryWorkerParts {
  connection: RedisConnection;
  sender: WebhookSender;
  secrets: WebhookSecrets;
  log: DeliveryLog;
  events: Events;
  concurrency: number;
  random: () => number;
}

const PUT_OFF_MS = 5000;

/** Takes deliveries from their queue, makes one attempt, notes it, and puts back what must be repeated. */
export function createDeliveryWorker(parts: DeliveryWorkerParts) {
  let worker: Worker<Delivery> | undefined;

  async function deliver(job: Job<Delivery>, token: string | undefined): Promise<void> {
    const { id, url, body, tenant, traceparent } = job.data;
    const secrets = await parts.secrets.list(tenant);
    const headers = traceparent ? { traceparent } : {};
    const attempt = await parts.sender.send({ id, url, body, secrets, headers });
    // Not BullMQ's count, which also has the attempts of workers that died: those spend nothing of the schedule.
    const count = (await parts.log.list(job.data.jobId)).filter((noted) => noted.id === id).length + 1;
    const nextAt = nextTime(attempt, count, parts.random());
    await note(parts, job.data, { ...attempt, attempt: count }, nextAt);
    if (nextAt === null) return;
    await job.moveToDelayed(nextAt, token);
    throw new DelayedError();
  }

  /** BullMQ would file a delivery that throws under failed, where nobody looks. */
  async function deliverOrPutOff(job: Job<Delivery>, token: string | undefined): Promise<void> {
    try {
      await deliver(job, token);
    } catch (error) {
      if (error instanceof DelayedError) throw error;
      parts.events.emit('redis.failed', { where: 'delivering a webhook', error });
      await job.moveToDelayed(Date.now() + PUT_OFF_MS, token);
      throw new DelayedError();
    }
  }

  return {
    async start(): Promise<void> {
      worker = new Worker<Delivery>(DELIVERY_QUEUE.name, deliverOrPutOff, {
        prefix: DELIVERY_QUEUE.prefix,
        connection: parts.connection,
        concurrency: parts.concurrency,
        // A delivery is given up by the schedule, not because workers died.
        maxStalledCount: 1000,
        skipVersionCheck: true,
      });
      worker.on('error', (error) => parts.events.emit('redis.failed', { where: 'taking webhooks', error }));
      await worker.waitUntilReady();
    },
    async stop(): Promise<void> {
      await worker?.close();
      worker = undefined;
      await parts.sender.close();
    },
  };
}

function nextTime(outcome: DeliveryAttempt, attempt: number, random: number): number | null {
  const next = nextDelivery({ attempt, outcome, random });
  return 'retryInMs' in next ? Date.now() + next.retryInMs : null;
}

async function note(
  { log, events }: DeliveryWorkerParts,
  { id, jobId, url, event }: Delivery,
  made: DeliveryAttempt & { attempt: number },
  nextAt: number | null,
): Promise<void> {
  const next = nextAt === null ? null : new Date(nextAt).toISOString();
  await log.add(jobId, { id, event, url, ...made, next_at: next });
  const { attempt, outcome, status, error } = made;
  events.emit('webhook.attempted', {
    jobId,
    id,
    attempt,
    outcome,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
  });
}
