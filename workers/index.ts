import { ConfigError, readWorkerConfig, type WorkerConfig } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import { createEvents } from '../shared/events.ts';
import { stopOnSignals } from '../shared/lifecycle.ts';
import { createModelSource } from '../shared/models/model-source.ts';
import { createRegistry } from '../shared/models/registry.ts';
import { createLogger, logEvents } from '../shared/observe/log.ts';
import { startMetricsServer } from '../shared/observe/metrics-server.ts';
import { measureEvents } from '../shared/observe/metrics.ts';
import { createReadiness } from '../shared/observe/readiness.ts';
import { checkRedis } from '../shared/redis/check.ts';
import { readVersion } from '../shared/version.ts';
import { createWorkerRole } from './worker-role.ts';

async function main(config: WorkerConfig): Promise<void> {
  await checkRedis(config.redisUrl);
  const events = createEvents();
  logEvents(events, createLogger('worker', config.logLevel));
  const metrics = measureEvents(events);
  const registry = createRegistry();
  const source = createModelSource(config.models, process.env);
  registry.replace(await source.load());
  const role = createWorkerRole(config, registry, events, readVersion());
  const readiness = createReadiness({
    redis: async () => `answers ${await role.redis.ping()}`,
    models: async () => `${registry.list().length} served`,
  });
  const server = await startMetricsServer({ host: config.host, port: config.metricsPort }, metrics, readiness);
  await role.start();
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
  stopOnSignals({ stop }, config.drainTimeout * 1000, (reason) =>
    events.emit('role.stopping', { role: 'worker', reason }),
  );
  events.emit('role.started', { role: 'worker', address: server.url });
  process.send?.({ type: 'ready', url: server.url });
}

try {
  await main(readWorkerConfig(process.env));
} catch (error) {
  const faults = error instanceof ConfigError ? error.message : messageOf(error);
  process.stderr.write(`${faults}\n`);
  process.exit(1);
}
