import { Gauge, type Registry } from 'prom-client';
import type { Discovery } from '../discovery/discovery.ts';

/** How well the clusters are heard in which models are looked for. */
export function measureDiscovery(registry: Registry, discovery: Discovery): void {
  const stale = new Gauge({
    name: 'inferq_discovery_stale_seconds',
    help: 'How long a cluster has not been heard; 0 while it is',
    labelNames: ['cluster'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      for (const [cluster, seconds] of discovery.staleness()) stale.set({ cluster }, seconds);
    },
  });
}
