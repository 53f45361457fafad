import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { EventType } from '../webhook-event.ts';
import { createBullQueue } from './bull-queue.ts';
import type { RedisConnection } from './connection.ts';

/** What every key about deliveries begins with: one slot of a cluster has them all. */
export const DELIVERY_PREFIX = 'inferq:{webhooks}:';

/** BullMQ's queue of webhooks: apart from the models', so that no receiver can hold up a job. */
export const DELIVERY_QUEUE = { name: 'deliveries', prefix: DELIVERY_PREFIX.slice(0, -1) } as const;

/** One webhook on its way. The body is fixed when the job ends, so that every attempt sends and signs the same. */
export interface QueuedDelivery {
  id: string;
  jobId: string;
  tenant: string;
  url: string;
  event: EventType;
  body: string;
  traceparent?: string;
  /** Of the submission, or of the test. */
  requestId?: string;
  /** Attempts that were made before it was sent again: the schedule begins anew behind them. */
  spent?: number;
}

export interface DeliveryQueue {
  /** Repeating it with the same id, and as many attempts spent, is harmless. */
  add(delivery: QueuedDelivery): Promise<void>;
  /** Has the next attempt of a delivery made now; false where none is waiting for its time. */
  hasten(queued: string): Promise<boolean>;
  close(): Promise<void>;
}

const PUT_BACK_TRIES = 5;
const PUT_BACK_MS = 50;

export function createDeliveryQueue(
  connection: RedisConnection,
  onError: (error: Error) => void,
): DeliveryQueue {
  const queue = createBullQueue<QueuedDelivery>(DELIVERY_QUEUE, connection, onError);
  return {
    async add(delivery) {
      const { id, spent = 0 } = delivery;
      const opened = await queue.open();
      await opened.add('deliver', delivery, {
        jobId: spent === 0 ? id : `${id}-${spent}`,
        attempts: 1,
        // Somebody waits for what becomes of a test.
        lifo: delivery.event === 'webhook.test',
        removeOnComplete: true,
        removeOnFail: false,
      });
    },
    async hasten(queued) {
      const job = await (await queue.open()).getJob(queued);
      if (!job) return false;
      // An attempt is noted a moment before its delivery is put back.
      for (let tries = 0; tries < PUT_BACK_TRIES; tries++) {
        const state = await job.getState();
        if (state === 'delayed') return promote(job);
        if (state !== 'active') return false;
        await sleep(PUT_BACK_MS);
      }
      return false;
    },
    close: () => queue.close(),
  };
}

async function promote(job: Job<QueuedDelivery>): Promise<boolean> {
  try {
    await job.promote();
  } catch (error) {
    // It may have come due since.
    if (await job.isDelayed()) throw error;
  }
  return true;
}
