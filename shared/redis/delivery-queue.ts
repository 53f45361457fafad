import { randomUUID } from 'node:crypto';
import type { TerminalStatus } from '../job-status.ts';
import { createBullQueue } from './bull-queue.ts';
import type { RedisConnection } from './connection.ts';

/** BullMQ's queue of webhooks: apart from the models', so that no receiver can hold up a job. */
export const DELIVERY_QUEUE = { name: 'deliveries', prefix: 'inferq:{webhooks}' } as const;

/** One webhook on its way. The body is fixed when the job ends, so that every attempt sends and signs the same. */
export interface Delivery {
  id: string;
  jobId: string;
  tenant: string;
  url: string;
  event: `job.${TerminalStatus}`;
  body: string;
  traceparent?: string;
}

export interface DeliveryQueue {
  /** Repeating it with the same id is harmless. */
  add(delivery: Delivery): Promise<void>;
  /** Once more, beside whatever became of it before. */
  addAgain(delivery: Delivery): Promise<void>;
  close(): Promise<void>;
}

export function createDeliveryQueue(
  connection: RedisConnection,
  onError: (error: Error) => void,
): DeliveryQueue {
  const queue = createBullQueue<Delivery>(DELIVERY_QUEUE, connection, onError);
  async function add(delivery: Delivery, jobId: string): Promise<void> {
    const opened = await queue.open();
    await opened.add('deliver', delivery, {
      jobId,
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: false,
    });
  }
  return {
    add: (delivery) => add(delivery, delivery.id),
    addAgain: (delivery) => add(delivery, `${delivery.id}-${randomUUID()}`),
    close: () => queue.close(),
  };
}
