import { totalmem } from 'node:os';
import { Gauge, type Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

/** What every role tells of itself beside what it does: whether it is ready, and how much memory it may use. */
export function measureRole(registry: Registry, readiness: Readiness): void {
  const ready = new Gauge({
    name: 'inferq_ready',
    help: '1 while /readyz says so',
    aggregator: 'min',
    registers: [registry],
    async collect() {
      ready.set(Number((await readiness.report()).ready));
    },
  });
  const limit = new Gauge({
    name: 'inferq_memory_limit_bytes',
    help: 'What the process may use: the limit of its container, or the memory of the machine',
    aggregator: 'max',
    registers: [registry],
    collect() {
      limit.set(Math.min(totalmem(), process.constrainedMemory() || totalmem()));
    },
  });
}
