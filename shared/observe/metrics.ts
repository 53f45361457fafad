import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Events } from '../events.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Counts events into a Prometheus registry. */
export function measureEvents(events: Events): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureRequests(events, registry);
  measureJobs(events, registry);
  measureEndpoints(events, registry);
  return registry;
}

function measureRequests(events: Events, registry: Registry): void {
  const requests = new Histogram({
    name: 'inferq_http_request_seconds',
    help: 'Time to answer a request',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  events.on('request.answered', ({ method, route, status, milliseconds }) => {
    requests.observe({ method, route, status: String(status) }, milliseconds / 1000);
  });
}

function measureJobs(events: Events, registry: Registry): void {
  const registers = [registry];
  const admitted = new Counter({
    name: 'inferq_jobs_admitted_total',
    help: 'Jobs accepted: queued, answered from the cache, joined to an identical one',
    labelNames: ['model', 'kind'],
    registers,
  });
  const ended = new Counter({
    name: 'inferq_jobs_ended_total',
    help: 'Jobs ended by this process',
    labelNames: ['model', 'status', 'error_type'],
    registers,
  });
  const failures = new Counter({
    name: 'inferq_attempts_failed_total',
    help: 'Calls of a model that failed',
    labelNames: ['model', 'error_type'],
    registers,
  });
  const waits = new Histogram({
    name: 'inferq_job_wait_seconds',
    help: 'From acceptance to the start of an attempt',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const runs = new Histogram({
    name: 'inferq_job_run_seconds',
    help: 'From the start of the last attempt to the end',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const webhooks = new Counter({
    name: 'inferq_webhook_attempts_total',
    help: 'Attempts to deliver a webhook',
    labelNames: ['outcome'],
    registers,
  });
  events.on('job.admitted', ({ model, kind }) => admitted.inc({ model, kind }));
  events.on('attempt.failed', ({ model, errorType }) => failures.inc({ model, error_type: errorType }));
  events.on('job.started', ({ model, waitMs }) => waits.observe({ model }, waitMs / 1000));
  events.on('webhook.attempted', ({ outcome }) => webhooks.inc({ outcome }));
  events.on('job.ended', ({ model, status, errorType, milliseconds }) => {
    ended.inc({ model, status, error_type: errorType ?? '' });
    runs.observe({ model }, milliseconds / 1000);
  });
}

function measureEndpoints(events: Events, registry: Registry): void {
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
    registers,
  });
  events.on('endpoint.called', ({ model, endpoint, outcome, milliseconds }) =>
    calls.observe({ model, endpoint, outcome }, milliseconds / 1000),
  );
  events.on('endpoint.opened', ({ model, endpoint }) => open.set({ model, endpoint }, 1));
  events.on('endpoint.probed', ({ model, endpoint }) => open.set({ model, endpoint }, 0.5));
  events.on('endpoint.closed', ({ model, endpoint }) => open.set({ model, endpoint }, 0));
}
