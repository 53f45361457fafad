import type { TestBroker } from './broker.ts';

/** What the first worker tells Prometheus. */
export async function metricsOf(broker: TestBroker): Promise<string> {
  return (await fetch(`${broker.workers[0]?.url}/metrics`)).text();
}
