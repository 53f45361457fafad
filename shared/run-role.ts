import { createBlobs } from './blobs/blob-place.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { createMarkedBlobs } from './blobs/marked-blobs.ts';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Environment, RoleConfig } from './config.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { messageOf } from './errors.ts';
import { createEvents, type Events } from './events.ts';
import { endWithSupervisor, stopOnSignals } from './lifecycle.ts';
import { createCatalog, type Catalog } from './models/catalog.ts';
import { createModelSource } from './models/model-source.ts';
import { createRegistry, type Registry } from './models/registry.ts';
import { createLogger, logEvents } from './observe/log.ts';
import { measureEvents } from './observe/metrics.ts';
import { measureRole } from './observe/role-gauges.ts';
import { measureDiscovery } from './observe/discovery-gauges.ts';
import { measureScaling } from './observe/scaling-gauges.ts';
import type { Readiness } from './observe/readiness.ts';
import { answerScaling } from './observe/scaling-pages.ts';
import { UNTRACED, type Tracing } from './observe/trace-context.ts';
import type { Traces } from './observe/traces.ts';
import { ALONE, type Together } from './processes/together.ts';
import { checkBlobs } from './redis/blob-mark.ts';
import { checkRedis } from './redis/check.ts';
import { limitCommands } from './redis/command-deadline.ts';
import { connect, PATIENT } from './redis/connection.ts';
import { describeGuarantee, type Guarantee } from './redis/durability.ts';
import { createModelStore } from './redis/model-store.ts';
import type { ScalingReader } from './scaling/scaling-reader.ts';
import { startFaults } from './start-faults.ts';
import { collectStartGarbage } from './start-garbage.ts';
import { readVersion } from './version.ts';

/** A role that has been put together and can be run. */
export interface Role {
  readiness: Readiness;
  /** What scalers are told on the second listener. */
  scaling?: ScalingReader;
  /** Answers the address that it serves at, where it has one of its own. */
  start(): Promise<string | undefined>;
  stop(deadlineMs: number): Promise<void>;
}

/** What a role is told of itself. */
export interface About {
  catalog: Catalog;
  /** The processes beside it that do the same. */
  together: Together;
  version: string;
  guarantee: Guarantee;
  /** What `/metrics` tells. */
  metrics: MetricsRegistry;
  tracing: Tracing;
  /** Undefined: large texts stay in Redis. */
  blobs: BlobStore | undefined;
}

export interface RoleKind<Config extends RoleConfig> {
  name: string;
  /** It calls models: the secrets that models of the API refer to are in its environment. */
  callsModels: boolean;
  readConfig(env: Environment): Config;
  create(config: Config, registry: Registry, events: Events, about: About): Role | Promise<Role>;
  /** Milliseconds that what runs has to finish after SIGTERM. */
  drainMs(config: Config): number;
}

const COMMAND_DEADLINE_MS = 650;
/** What spans have at the end to reach the collector. */
const LAST_SPANS_MS = 2000;

/** Runs a role as a process: faults at start are lines for a person on stderr and exit code 1. */
export async function runRole<Config extends RoleConfig>(
  kind: RoleKind<Config>,
  env: Environment,
  together: Together = ALONE,
): Promise<void> {
  try {
    await startRole(kind, kind.readConfig(env), env, together);
  } catch (error) {
    const faults = await startFaults([error], env);
    process.stderr.write(`${faults.join('\n')}\n`);
    process.exit(1);
  }
}

async function startRole<Config extends RoleConfig>(
  kind: RoleKind<Config>,
  config: Config,
  env: Environment,
  together: Together,
): Promise<void> {
  const started = endWithSupervisor();
  const guarantee = await checkRedis(config.redisUrl, config.durability);
  const blobs = await openBlobs(config);
  const events = createEvents();
  logEvents(events, createLogger(kind.name, config.logLevel, together.process));
  const version = readVersion();
  const metrics = measureEvents(events, { role: kind.name, version });
  const traces = await startTraces(config, { role: kind.name, version, events });
  const registry = createRegistry();
  const redis = connect(config.redisUrl, PATIENT);
  redis.on('error', (error) => events.emit('redis.failed', { where: 'connection', error }));
  const discovery = createDiscovery({
    config: config.discovery,
    events,
    now: () => performance.now(),
    random: Math.random,
  });
  measureDiscovery(metrics, discovery);
  const catalog = createCatalog({
    discovery,
    source: createModelSource(config.models, env),
    store: createModelStore(redis),
    registry,
    events,
    secrets: kind.callsModels ? env : undefined,
    onFileFault: (error) => tellFileFault(events, error),
  });
  await catalog.load();
  // From here on nobody waits for longer than a client may have to.
  limitCommands(redis, COMMAND_DEADLINE_MS);
  const role = await kind.create(config, registry, events, {
    version,
    guarantee,
    metrics,
    tracing: traces?.tracing ?? UNTRACED,
    blobs,
    catalog,
    together,
  });
  measureRole(metrics, role.readiness);
  const { readiness, scaling } = role;
  if (scaling) measureScaling(metrics, scaling);
  const server = await together.listen(
    { host: config.host, port: config.metricsPort, variable: 'METRICS_PORT' },
    { metrics, readiness, scaling: scaling && ((path) => answerScaling(path, scaling)) },
  );
  collectStartGarbage();
  const url = (await role.start()) ?? server.url;
  catalog.start();
  const stop = async (deadlineMs: number): Promise<void> => {
    // Together: a catalog that waits for Redis must not let a worker take more.
    await Promise.all([catalog.stop(), role.stop(deadlineMs)]);
    await redis.quit().catch(() => redis.disconnect());
    await server.stop();
    await traces?.stop(LAST_SPANS_MS);
  };
  const drainMs = kind.drainMs(config);
  stopOnSignals(
    stop,
    () => drainMs,
    (reason) => events.emit('role.stopping', { reason }),
  );
  started();
  events.emit('role.started', {
    address: url,
    metrics: server.url,
    durability: describeGuarantee(guarantee),
  });
  process.send?.({ type: 'ready', url, drainMs });
}

async function openBlobs({ blobs: place, redisUrl }: RoleConfig): Promise<BlobStore | undefined> {
  const store = place && createBlobs(place);
  const mark = await checkBlobs(redisUrl, store);
  // A bucket that is away says so itself.
  return store && mark !== undefined && 'folder' in place ? createMarkedBlobs(store, mark) : store;
}

/** Its libraries are loaded only where they are needed. */
async function startTraces(
  { tracing }: RoleConfig,
  about: { role: string; version: string; events: Events },
): Promise<Traces | undefined> {
  if (!tracing) return undefined;
  const { createTraces } = await import('./observe/traces.ts');
  return createTraces(tracing, about);
}

function tellFileFault(events: Events, error: unknown): void {
  events.emit('models.refused', { error });
  process.send?.({
    type: 'notice',
    text: `${messageOf(error)}\nThe models before this change stay in force.`,
  });
}
