import { Counter, Histogram, type Registry } from 'prom-client';
import type { Events } from '../events.ts';
import { SECONDS } from './buckets.ts';

/** Deliveries, without a word of where to: receivers are the clients' and without number. */
export function measureWebhooks(events: Events, registry: Registry): void {
  const registers = [registry];
  const attempts = new Counter({
    name: 'inferq_webhook_attempts_total',
    help: 'Attempts to deliver a webhook',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'inferq_webhook_attempt_seconds',
    help: 'Time of an attempt to deliver a webhook, to the end of the answer',
    labelNames: ['outcome'],
    buckets: SECONDS,
    registers,
  });
  const putOff = new Counter({
    name: 'inferq_webhooks_put_off_total',
    help: 'Webhooks that had to wait as their receiver or tenant had no room',
    registers,
  });
  events.on('webhook.attempted', ({ outcome, milliseconds }) => {
    attempts.inc({ outcome });
    seconds.observe({ outcome }, milliseconds / 1000);
  });
  events.on('webhook.put_off', () => putOff.inc());
}
