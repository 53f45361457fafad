import type { Events } from '../../shared/events.ts';
import type { Tracing } from '../../shared/observe/trace-context.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { createDeliveryLog } from '../../shared/redis/delivery-log.ts';
import { readJob } from '../../shared/redis/job-reader.ts';
import { createWebhookSecrets } from '../../shared/redis/webhook-secrets.ts';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';
import { createWebhookSender } from './delivery.ts';
import { createReceivers } from './receivers.ts';
import { createDeliveryWorker } from './run-deliveries.ts';
import { createNoticeWorker } from './run-notices.ts';

export interface WebhookWorkersParts {
  connection: RedisConnection;
  events: Events;
  tracing: Tracing;
  version: string;
  /** Where webhooks may go although it is not public. */
  allow: readonly string[];
  lockTime: number;
}

const DELIVERIES_AT_ONCE = 200;
const NOTICES_AT_ONCE = 50;

/** All of a worker that speaks to receivers: the deliveries of ends, and the notices, each from a queue of its own. */
export function createWebhookWorkers({
  connection,
  events,
  tracing,
  version,
  allow,
  lockTime,
}: WebhookWorkersParts) {
  const sender = createWebhookSender({ guard: createAddressGuard({ allow }), version });
  const secrets = createWebhookSecrets(connection);
  const log = createDeliveryLog(connection);
  const both = { connection, sender, secrets, log, events, lockTime };
  const deliveries = createDeliveryWorker({
    ...both,
    tracing,
    receivers: createReceivers({ mostOfTenant: DELIVERIES_AT_ONCE / 2 }),
    concurrency: DELIVERIES_AT_ONCE,
    random: Math.random,
  });
  const notices = createNoticeWorker({
    ...both,
    read: (jobId) => readJob(connection, jobId),
    receivers: createReceivers({ mostOfTenant: NOTICES_AT_ONCE / 2 }),
    concurrency: NOTICES_AT_ONCE,
  });
  return {
    async start(): Promise<void> {
      await Promise.all([deliveries.start(), notices.start()]);
    },
    /** Takes no more, and waits for the attempts under way. */
    async stop(): Promise<void> {
      await Promise.all([deliveries.stop(), notices.stop()]);
      await sender.close();
    },
  };
}
