import { ConfigError, readApiConfig, type ApiConfig } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import { createEvents } from '../shared/events.ts';
import { stopOnSignals } from '../shared/lifecycle.ts';
import { createModelSource } from '../shared/models/model-source.ts';
import { createRegistry } from '../shared/models/registry.ts';
import { createLogger, logEvents } from '../shared/observe/log.ts';
import { startMetricsServer } from '../shared/observe/metrics-server.ts';
import { measureEvents } from '../shared/observe/metrics.ts';
import { checkRedis } from '../shared/redis/check.ts';
import { readVersion } from '../shared/version.ts';
import { createApiRole } from './api-role.ts';

/** Milliseconds that open requests have to be answered after SIGTERM. */
const DRAIN_MS = 10_000;

async function main(config: ApiConfig): Promise<void> {
  await checkRedis(config.redisUrl);
  const events = createEvents();
  logEvents(events, createLogger('api', config.logLevel));
  const metrics = measureEvents(events);
  const registry = createRegistry();
  const source = createModelSource(config.models, process.env);
  registry.replace(await source.load());
  const role = createApiRole(config, registry, events, readVersion());
  const server = await startMetricsServer({ host: config.host, port: config.metricsPort }, metrics, role.readiness);
  const url = await role.start();
  source.start(
    (specs) => {
      registry.replace(specs);
      events.emit('models.loaded', { models: specs.map(({ name }) => name) });
    },
    (error) => events.emit('models.refused', { error }),
  );
  const stop = async (deadlineMs: number): Promise<void> => {
    await source.stop();
    await role.stop(deadlineMs);
    await server.stop();
  };
  stopOnSignals({ stop }, DRAIN_MS, (reason) => events.emit('role.stopping', { role: 'api', reason }));
  events.emit('role.started', { role: 'api', address: url });
  process.send?.({ type: 'ready', url });
}

try {
  await main(readApiConfig(process.env));
} catch (error) {
  const faults = error instanceof ConfigError ? error.message : messageOf(error);
  process.stderr.write(`${faults}\n`);
  process.exit(1);
}
