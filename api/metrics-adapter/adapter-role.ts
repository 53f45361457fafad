import type { Events } from '../../shared/events.ts';
import { readAuthenticationMap } from '../../shared/kubernetes/authentication-map.ts';
import type { Registry } from '../../shared/models/registry.ts';
import { measureLoads } from '../../shared/observe/load-gauges.ts';
import { listen, urlOf } from '../../shared/observe/metrics-server.ts';
import { createReadiness } from '../../shared/observe/readiness.ts';
import { limitCommands } from '../../shared/redis/command-deadline.ts';
import { connect, FAIL_FAST } from '../../shared/redis/connection.ts';
import { createLoadReader } from '../../shared/redis/loads.ts';
import type { About, Role } from '../../shared/run-role.ts';
import { createScalingReader } from '../../shared/scaling/scaling-reader.ts';
import { drainServer } from '../http/drain.ts';
import type { AdapterConfig } from './adapter-config.ts';
import { createAdapterServer, type AdapterServer } from './server.ts';
import { createTlsMaterial } from './tls-material.ts';
import { trustCluster, trustFile } from './trust.ts';

/** The autoscaler of a cluster gives up after some seconds; what is too late helps nobody. */
const COMMAND_DEADLINE_MS = 650;
const LOOK_EVERY_MS = 5000;

/** The metrics adapter put together: tells Kubernetes how much there is to do. */
export function createAdapterRole(
  config: AdapterConfig,
  registry: Registry,
  events: Events,
  { catalog, metrics }: About,
): Role {
  const redis = connect(config.redisUrl, FAIL_FAST);
  limitCommands(redis, COMMAND_DEADLINE_MS);
  redis.on('error', (error) => events.emit('redis.failed', { where: 'connection', error }));
  const scaling = createScalingReader({ redis, registry, goals: config.scaling, now: Date.now });
  measureLoads(metrics, createLoadReader(redis, registry), () => performance.now());
  const material = createTlsMaterial({
    keyFile: config.keyFile,
    certFile: config.certFile,
    trust:
      'file' in config.trust
        ? trustFile(config.trust.file, config.trust.names)
        : trustCluster(readAuthenticationMap(config.trust.cluster)),
    everyMs: LOOK_EVERY_MS,
    onFault: (error) => events.emit('adapter.failed', { where: 'reading certificates', error }),
  });
  let adapter: AdapterServer | undefined;
  let isStopping = false;
  const readiness = createReadiness(
    {
      redis: async () => `answers ${await redis.ping()}`,
      models: async () => `${registry.list().filter(({ draining }) => !draining).length} served`,
      process: async () => {
        if (isStopping) throw new Error('shutting down');
        return 'serving';
      },
    },
    () => [...catalog.warnings(), ...material.warnings()],
  );

  return {
    readiness,
    scaling,
    async start(): Promise<string> {
      const first = await material.read();
      const made = createAdapterServer(first, scaling, (error) =>
        events.emit('adapter.failed', { where: 'answering', error }),
      );
      adapter = made;
      await listen(made.server, config);
      material.start(first, (next) => made.renew(next));
      return urlOf(made.server, config.host).replace('http:', 'https:');
    },
    async stop(deadlineMs: number): Promise<void> {
      isStopping = true;
      await material.stop();
      if (adapter) await drainServer(adapter.server, { behindProxy: false, deadlineMs });
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
