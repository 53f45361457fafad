import { Counter, Histogram, type Registry } from 'prom-client';
import type { Events } from '../events.ts';
import { SECONDS } from './buckets.ts';

/** Requests by route, as in the list of routes: never by path, of which clients make as many as they like. */
export function measureRequests(events: Events, registry: Registry): void {
  const requests = new Histogram({
    name: 'inferq_http_request_seconds',
    help: 'Time to answer a request',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  const refused = new Counter({
    name: 'inferq_http_errors_total',
    help: 'Requests answered with an error, by its code',
    labelNames: ['route', 'error_type'],
    registers: [registry],
  });
  events.on('request.answered', ({ method, route, status, milliseconds, errorType }) => {
    requests.observe({ method, route, status: String(status) }, milliseconds / 1000);
    if (errorType) refused.inc({ route, error_type: errorType });
  });
}
