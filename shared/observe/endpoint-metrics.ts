import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Events } from '../events.ts';
import { SECONDS } from './buckets.ts';

/** Calls of model endpoints, and what is thought of these. */
export function measureEndpoints(events: Events, registry: Registry): void {
  const registers = [registry];
  const firstTokens = new Histogram({
    name: 'inferq_time_to_first_token_seconds',
    help: 'From the call of a model that streams to its first piece of output',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const busy = new Counter({
    name: 'inferq_endpoint_busy_total',
    help: 'Jobs put back as no endpoint had room',
    labelNames: ['model'],
    registers,
  });
  events.on('endpoint.first_token', ({ model, milliseconds }) =>
    firstTokens.observe({ model }, milliseconds / 1000),
  );
  events.on('endpoint.busy', ({ model }) => busy.inc({ model }));
  const batches = new Histogram({
    name: 'inferq_batch_size',
    help: 'Jobs in one call of a model that batches',
    labelNames: ['model'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    registers,
  });
  events.on('batch.sent', ({ model, size }) => batches.observe({ model }, size));
  const calls = new Histogram({
    name: 'inferq_endpoint_call_seconds',
    help: 'Calls of model endpoints by this process, by outcome',
    labelNames: ['model', 'endpoint', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const open = new Gauge({
    name: 'inferq_endpoint_open',
    help: '1 while the circuit breaker of the endpoint is open in this process, 0.5 during its probe',
    labelNames: ['model', 'endpoint'],
    aggregator: 'max',
    registers,
  });
  events.on('endpoint.called', ({ model, endpoint, outcome, milliseconds }) =>
    calls.observe({ model, endpoint, outcome }, milliseconds / 1000),
  );
  events.on('endpoint.opened', ({ model, endpoint }) => open.set({ model, endpoint }, 1));
  events.on('endpoint.probed', ({ model, endpoint }) => open.set({ model, endpoint }, 0.5));
  events.on('endpoint.closed', ({ model, endpoint }) => open.set({ model, endpoint }, 0));
}
