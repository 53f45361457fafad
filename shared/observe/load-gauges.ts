import { Gauge, type Registry } from 'prom-client';
import type { Loads, ModelLoad } from '../redis/loads.ts';

/** So old the answer to a scrape may be: several Prometheus servers cost Redis no more than one. */
const KEEP_MS = 2000;

/**
 * Gauges of what lies in Redis, read when they are asked for. Every replica of the API answers the same, so that the
 * numbers are there while workers are not; `max by (model)` takes them together. While Redis is away there are none:
 * a zero would be a lie.
 */
export function measureLoads(registry: Registry, read: () => Promise<Loads>, now: () => number): void {
  const loads = keep(read, now);

  function gauge(name: string, help: string, valueOf: (load: ModelLoad) => number): void {
    collected(name, help, ['model'], (add, { models }) => {
      for (const [model, load] of models) add(valueOf(load), { model });
    });
  }

  function collected(
    name: string,
    help: string,
    labelNames: string[],
    fill: (add: (value: number, labels: Record<string, string>) => void, loads: Loads) => void,
  ): void {
    const made = new Gauge({
      name,
      help,
      labelNames,
      // Each process reads the same.
      aggregator: 'max',
      registers: [registry],
      async collect() {
        made.reset();
        // Without labels, a reset is a zero.
        if (labelNames.length === 0) made.remove();
        const found = await loads();
        if (found) fill((value, labels) => made.set(labels, value), found);
      },
    });
  }

  gauge('inferq_queued_jobs', 'Jobs that wait, be it for their time', ({ backlog }) => backlog);
  gauge('inferq_running_jobs', 'Runs that a worker has', ({ running }) => running);
  gauge(
    'inferq_outstanding_jobs',
    'Runs that wait for a worker, or that one has',
    (load) => load.outstanding,
  );
  gauge(
    'inferq_oldest_wait_seconds',
    'How long the run has waited that waits longest',
    (load) => load.oldest_wait ?? 0,
  );
  gauge('inferq_model_paused', '1 while the model is paused', ({ paused }) => Number(paused));
  collected(
    'inferq_webhooks_owed',
    'Webhooks that have not arrived, also those whose next attempt is to come',
    [],
    (add, { webhooks }) => add(webhooks.owed, {}),
  );
  collected(
    'inferq_webhook_overdue_seconds',
    'How long the webhook has been due that has been so longest',
    [],
    (add, { webhooks }) => add(webhooks.overdue, {}),
  );
  collected('inferq_redis_memory_bytes', 'What Redis uses', [], (add, { memory }) => {
    if (memory) add(memory.used, {});
  });
  collected('inferq_redis_memory_limit_bytes', 'maxmemory of Redis', [], (add, { memory }) => {
    if (memory && memory.limit > 0) add(memory.limit, {});
  });
}

/** All gauges of one scrape share one look; a failed one answers nothing. */
function keep(read: () => Promise<Loads>, now: () => number): () => Promise<Loads | undefined> {
  let at = Number.NEGATIVE_INFINITY;
  let last: Promise<Loads | undefined> = Promise.resolve(undefined);
  return () => {
    if (now() - at >= KEEP_MS) {
      at = now();
      last = read().catch(() => undefined);
    }
    return last;
  };
}
