import { Gauge, type Registry } from 'prom-client';
import type { ScalingReader } from '../scaling/scaling-reader.ts';

/** What autoscalers are told, read when it is asked for; none while Redis is away. */
export function measureScaling(registry: Registry, read: ScalingReader): void {
  const desired = new Gauge({
    name: 'inferq_desired_workers',
    help: 'Workers that the model takes to start what waits within the objective',
    labelNames: ['model'],
    // Each process reads the same.
    aggregator: 'max',
    registers: [registry],
    async collect() {
      desired.reset();
      const models = await read().catch(() => undefined);
      for (const [model, { desired_workers }] of models ?? []) desired.set({ model }, desired_workers);
    },
  });
}
