import { randomBytes } from 'node:crypto';
import { describeBlobs } from '../shared/blobs/blob-store.ts';
import { createTexts } from '../shared/blobs/texts.ts';
import type { ApiConfig } from '../shared/config.ts';
import type { Events } from '../shared/events.ts';
import type { Registry } from '../shared/models/registry.ts';
import { listen, urlOf } from '../shared/observe/metrics-server.ts';
import { measureLoads } from '../shared/observe/load-gauges.ts';
import { createReadiness } from '../shared/observe/readiness.ts';
import { createSpeedometer } from '../shared/observe/speedometer.ts';
import { createCharges } from '../shared/redis/charges.ts';
import { limitCommands } from '../shared/redis/command-deadline.ts';
import { connect, FAIL_FAST, LISTENING, untilReady } from '../shared/redis/connection.ts';
import { createDeliveryLog } from '../shared/redis/delivery-log.ts';
import { createDeliveryQueue } from '../shared/redis/delivery-queue.ts';
import { createBlobIndex } from '../shared/redis/blob-index.ts';
import { gatherWrites } from '../shared/redis/gathered-writes.ts';
import { createEndpointReports } from '../shared/redis/endpoint-reports.ts';
import { watchMemory } from '../shared/redis/memory-watch.ts';
import { createModelBacklogs } from '../shared/redis/model-backlogs.ts';
import { createFailedJobs } from '../shared/redis/failed-jobs.ts';
import { createLoadReader } from '../shared/redis/loads.ts';
import { createModelSpeeds } from '../shared/redis/model-speeds.ts';
import { createModelStore } from '../shared/redis/model-store.ts';
import { createKnownCodes } from '../shared/redis/known-codes.ts';
import { createNoticeQueue } from '../shared/redis/notice-queue.ts';
import { createOutbox } from '../shared/redis/outbox.ts';
import { keepAwake } from '../shared/redis/heartbeat.ts';
import { createRunEvents } from '../shared/redis/run-events.ts';
import { createAcceptance } from '../shared/redis/acceptance.ts';
import { createAccounts } from '../shared/redis/accounts.ts';
import { createAuditLog } from '../shared/redis/audit-log.ts';
import { createRateLimiter } from '../shared/redis/rate-limiter.ts';
import { createTenantStore, rememberSettings } from '../shared/redis/tenant-store.ts';
import { createTokenStore } from '../shared/redis/token-store.ts';
import { createUsage } from '../shared/redis/usage.ts';
import { checkGuarantee } from '../shared/redis/guarantee-check.ts';
import { createWaiters } from '../shared/redis/waiters.ts';
import { createWakeUp } from '../shared/redis/wake-up.ts';
import { createWebhookSecrets } from '../shared/redis/webhook-secrets.ts';
import { createUnservedModels } from '../shared/redis/unserved-models.ts';
import { createWorkerPresences } from '../shared/redis/worker-presence.ts';
import { createWorkQueue } from '../shared/redis/work-queue.ts';
import type { About, Role } from '../shared/run-role.ts';
import { createScalingReader } from '../shared/scaling/scaling-reader.ts';
import { createAddressGuard } from '../shared/webhooks/address-guard.ts';
import { createApp } from './app.ts';
import { createAuthentication } from './auth/authenticate.ts';
import { createStrategyRunner } from './auth/run-strategy.ts';
import { drainServer } from './http/drain.ts';
import { messagesOf } from './http/express-messages.ts';
import { createHttpServer } from './http/server.ts';
import { createEventLooks } from './jobs/job-events.ts';
import { createVouching } from './models/vouching.ts';
import { createRoutes } from './routes.ts';

/** A client is told within a second that Redis is away. */
const COMMAND_DEADLINE_MS = 650;

/** The API role put together. */
export async function createApiRole(
  config: ApiConfig,
  registry: Registry,
  events: Events,
  { version, guarantee, blobs, catalog, together, metrics, tracing }: About,
): Promise<Role> {
  const onError = (where: string) => (error: unknown) => events.emit('redis.failed', { where, error });
  const redis = connect(config.redisUrl, FAIL_FAST);
  limitCommands(redis, COMMAND_DEADLINE_MS);
  gatherWrites(redis);
  const subscriber = connect(config.redisUrl, LISTENING);
  keepAwake(subscriber);
  for (const connection of [redis, subscriber]) connection.on('error', onError('connection'));

  const closing = new AbortController();
  const queue = createWorkQueue(redis, onError('queue'));
  const deliveryQueue = createDeliveryQueue(redis, onError('webhook queue'));
  const notices = createNoticeQueue(redis, onError('notice queue'));
  const wakeUp = createWakeUp(subscriber, randomBytes(6).toString('hex'));
  const tokens = createTokenStore(redis);
  const { tenants, settingsOf } = rememberSettings(createTenantStore(redis));
  const accounts = createAccounts(redis);
  const knownCodes = createKnownCodes(redis);

  const acceptance = createAcceptance({
    redis,
    url: config.redisUrl,
    guarantee,
    commandDeadlineMs: COMMAND_DEADLINE_MS,
    onError: onError('connection'),
  });
  const memory = watchMemory({ redis, codes: () => registry.list().map(({ code }) => code) });
  const readiness = createReadiness(
    {
      redis: async () => `answers ${await redis.ping()}`,
      models: async () => `${registry.list().filter(({ draining }) => !draining).length} served`,
      durability: () => checkGuarantee(redis, guarantee),
      process: async () => {
        if (closing.signal.aborted) throw new Error('shutting down');
        return 'serving';
      },
    },
    () => [...catalog.warnings(), ...memory.warnings()],
    { blobs: () => describeBlobs(blobs) },
  );
  const looking = {
    store: acceptance.store,
    waiters: createWaiters(redis),
    runEvents: createRunEvents(redis),
    wakeUp,
  };
  const vouching = createVouching({
    registry,
    knownCodes,
    unserved: createUnservedModels(redis),
    onError: onError('vouching for models'),
  });
  const speeds = createModelSpeeds(redis);
  const speedometer = createSpeedometer(events, speeds, onError('counting'));
  const routes = createRoutes({
    ...looking,
    looks: createEventLooks(looking),
    redis,
    registry,
    events,
    tracing,
    queue,
    readiness: together.readinessOf(readiness),
    random: Math.random,
    texts: createTexts(blobs, createBlobIndex(redis)),
    outbox: createOutbox(redis, deliveryQueue),
    notices,
    deliveryQueue,
    idempotency: acceptance.idempotency,
    readKept: acceptance.readKept,
    memory,
    confirmAll: acceptance.confirmAll,
    guard: createAddressGuard({ allow: config.webhookAllow }),
    deliveries: createDeliveryLog(redis),
    backlogs: createModelBacklogs(redis),
    speeds,
    presences: createWorkerPresences(redis),
    durability: guarantee.durability,
    models: createModelStore(redis),
    failedJobs: createFailedJobs(redis),
    catalog,
    reports: createEndpointReports(redis),
    secrets: createWebhookSecrets(redis),
    tenants,
    tokens,
    settingsOf,
    limiter: createRateLimiter(redis),
    audit: createAuditLog(redis),
    knownCodes,
    accounts,
    charges: createCharges(redis, accounts),
    usage: createUsage(redis, knownCodes),
  });
  measureLoads(metrics, createLoadReader(redis, registry), () => performance.now());
  const run = createStrategyRunner();
  const jwt =
    config.jwt && (await import('./auth/configured-jwt.ts')).createConfiguredJwt(config.jwt, events, run);
  const authentication = createAuthentication({
    findToken: (token) => tokens.find(token),
    verifyJwt: jwt,
    run,
  });
  const app = createApp({
    routes,
    ...authentication,
    events,
    tracing,
    version,
    edge: config.edge,
    maxBody: config.maxBody,
    closing: closing.signal,
  });
  const server = createHttpServer(app, undefined, messagesOf(app));

  return {
    readiness,
    scaling: createScalingReader({ redis, registry, goals: config.scaling, now: Date.now }),
    async start(): Promise<string> {
      await Promise.all([untilReady(redis), acceptance.ready(), wakeUp.start()]);
      await vouching.start();
      await listen(server, { host: config.host, port: config.port, variable: 'PORT' });
      return urlOf(server, config.host);
    },
    async stop(deadlineMs: number): Promise<void> {
      closing.abort();
      await drainServer(server, { behindProxy: config.edge.trustedProxies > 0, deadlineMs });
      await speedometer.write().catch(onError('counting'));
      await Promise.all([
        vouching.stop(),
        queue.close(),
        deliveryQueue.close(),
        notices.close(),
        wakeUp.stop(),
      ]);
      memory.stop();
      await acceptance.close();
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
