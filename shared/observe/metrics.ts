import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Events } from '../events.ts';
import { measureEndpoints } from './endpoint-metrics.ts';
import { measureJobs } from './job-metrics.ts';
import { measureRequests } from './request-metrics.ts';
import { measureWebhooks } from './webhook-metrics.ts';

/** Counts events into a Prometheus registry. No label may have more values than models, routes or codes are known. */
export function measureEvents(events: Events, about: { role: string; version: string }): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureBuild(registry, about);
  measureRequests(events, registry);
  measureJobs(events, registry);
  measureEndpoints(events, registry);
  measureWebhooks(events, registry);
  return registry;
}

function measureBuild(registry: Registry, about: { role: string; version: string }): void {
  const build = new Gauge({
    name: 'inferq_build_info',
    help: '1: which role in which version this is',
    labelNames: ['role', 'version'],
    aggregator: 'max',
    registers: [registry],
  });
  build.set(about, 1);
}
