import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { describeBlobs } from '../shared/blobs/blob-store.ts';
import { createTexts } from '../shared/blobs/texts.ts';
import type { WorkerConfig } from '../shared/config.ts';
import type { Events } from '../shared/events.ts';
import type { Registry } from '../shared/models/registry.ts';
import { createReadiness } from '../shared/observe/readiness.ts';
import { connect, LISTENING, PATIENT } from '../shared/redis/connection.ts';
import { createSpeedometer } from '../shared/observe/speedometer.ts';
import { createAccounts } from '../shared/redis/accounts.ts';
import { createCallSlots } from '../shared/redis/call-slots.ts';
import { createClaims } from '../shared/redis/claims.ts';
import { createCharges } from '../shared/redis/charges.ts';
import { createBlobCollector } from '../shared/redis/blob-collector.ts';
import { createBlobIndex } from '../shared/redis/blob-index.ts';
import { createDeliveryQueue } from '../shared/redis/delivery-queue.ts';
import { createEndpointReports } from '../shared/redis/endpoint-reports.ts';
import { gatherWrites } from '../shared/redis/gathered-writes.ts';
import { keepAwake } from '../shared/redis/heartbeat.ts';
import { createJobStore } from '../shared/redis/job-store.ts';
import { createKnownCodes } from '../shared/redis/known-codes.ts';
import { createModelSpeeds } from '../shared/redis/model-speeds.ts';
import { createNoticeQueue } from '../shared/redis/notice-queue.ts';
import { createOutbox } from '../shared/redis/outbox.ts';
import { findProgressListeners } from '../shared/redis/progress-listeners.ts';
import { redisTime } from '../shared/redis/redis-time.ts';
import { createWorkerPresences } from '../shared/redis/worker-presence.ts';
import { createSweeper } from '../shared/redis/sweeper.ts';
import { checkGuarantee } from '../shared/redis/guarantee-check.ts';
import { createUnservedModels } from '../shared/redis/unserved-models.ts';
import { createUpkeep } from '../shared/redis/upkeep.ts';
import { createWorkQueue } from '../shared/redis/work-queue.ts';
import type { About, Role } from '../shared/run-role.ts';
import { createAbandonedRuns } from './abandoned-runs.ts';
import { createBatcher } from './batching/batcher.ts';
import { createEndpointCaller } from './call-endpoint.ts';
import { createModelWorkers } from './model-workers.ts';
import { createDeletionCost, createPodWriter } from './pod-deletion-cost.ts';
import { createPresence } from './presence.ts';
import { createProcessor } from './process-run.ts';
import { createRoom } from './room.ts';
import { createHealthChecks } from './routing/health-checks.ts';
import { createRetryBudgets } from './routing/retry-budget.ts';
import { createRouter } from './routing/router.ts';
import { createSharedStates } from './routing/shared-states.ts';
import { createTransforms } from './transforms/transforms.ts';
import { createUnservedJobs } from './unserved-jobs.ts';
import { createNotices } from './webhooks/notices.ts';
import { createWebhookWorkers } from './webhooks/webhook-workers.ts';

const MARK_EVERY_MS = 5000;
/** In characters, for Redis: the ends of a few runs with small outputs. */
const SENT_AT_ONCE = 6000;

/** The worker role put together: runs jobs, delivers webhooks, or one of the two; and sweeps. */
export function createWorkerRole(
  config: WorkerConfig,
  registry: Registry,
  events: Events,
  { version, guarantee, blobs, catalog, together, tracing }: About,
): Role {
  const name = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const onError = (where: string) => (error: unknown) => events.emit('redis.failed', { where, error });
  const redis = connect(config.redisUrl, PATIENT);
  gatherWrites(redis, SENT_AT_ONCE);
  const subscriber = connect(config.redisUrl, LISTENING);
  keepAwake(subscriber);
  for (const connection of [redis, subscriber]) connection.on('error', onError('connection'));

  const store = createJobStore(redis);
  const queue = createWorkQueue(redis, onError('queue'));
  const deliveryQueue = createDeliveryQueue(redis, onError('webhook queue'));
  const outbox = createOutbox(redis, deliveryQueue);
  const noticeQueue = createNoticeQueue(redis, onError('notice queue'));
  const notices = createNotices({
    queue: noticeQueue,
    findListeners: (run) => findProgressListeners(redis, run),
    events,
  });
  const caller = createEndpointCaller();
  const transforms = createTransforms();
  const router = createRouter({ events, now: steadyNow, random: Math.random });
  const healthChecks = createHealthChecks({ registry, router, now: steadyNow, random: Math.random });
  const sharedStates = createSharedStates({
    registry,
    router,
    reports: createEndpointReports(redis),
    worker: name,
    now: steadyNow,
    redisNow: () => redisTime(redis),
    onError: onError('sharing endpoint states'),
  });
  const calling = { caller, router, budgets: createRetryBudgets(steadyNow), events, tracing };
  const room = createRoom();
  const models = createModelWorkers({
    connection: redis,
    registry,
    claims: createClaims(redis, { worker: name, lockMs: config.lockTime * 1000 }),
    room,
    process: createProcessor({
      store,
      registry,
      queue,
      outbox,
      notices,
      ...calling,
      batcher: createBatcher({ ...calling, slots: createCallSlots(redis), random: Math.random }),
      transforms,
      texts: createTexts(blobs, createBlobIndex(redis)),
      maxOutput: config.maxOutput,
      worker: name,
      room,
      random: Math.random,
    }),
    events,
    concurrency: config.concurrency,
    lockTime: config.lockTime,
    name,
  });
  const webhooks = createWebhookWorkers({
    connection: redis,
    events,
    tracing,
    version,
    allow: config.webhookAllow,
    lockTime: config.lockTime,
  });
  const speedometer = createSpeedometer(events, createModelSpeeds(redis), onError('counting'));
  const abandoned = createAbandonedRuns(subscriber, (run) => models.abandon(run));
  const knownCodes = createKnownCodes(redis);
  const codes = new Set<string>();
  const unserved = createUnservedModels(redis);
  const served = (): Set<string> =>
    new Set(config.roles.has('models') ? registry.list().map(({ code }) => code) : []);
  const tellModels = async (): Promise<void> => {
    await unserved.deny(served());
    await knownCodes.add(registry.list().map(({ spec }) => spec));
    // Others know other models, and this worker may be the one who sweeps for all.
    for (const code of await knownCodes.list()) codes.add(code);
  };
  const sweeper = createSweeper({
    redis,
    store,
    queue,
    outbox,
    charges: createCharges(redis, createAccounts(redis)),
    codes: () => [...codes],
    name,
    onError: onError('sweeping'),
  });

  const unservedJobs = createUnservedJobs({
    store,
    queue,
    outbox,
    upkeep: createUpkeep(redis),
    unserved,
    knownCodes,
    codes: () => [...codes],
    inCare: sweeper.inCare,
    served,
    events,
    worker: name,
    onError: onError('looking after models that are gone'),
  });
  const collector = blobs
    ? createBlobCollector({
        redis,
        blobs,
        codes: () => [...codes],
        name,
        onError: (error) => events.emit('blobs.failed', { error }),
      })
    : undefined;

  const deletionCost = config.pod
    ? createDeletionCost({
        running: together.sumOf(models.underWay),
        write: createPodWriter(config.pod),
        everyMs: MARK_EVERY_MS,
        onFault: (error) => events.emit('pod.unmarked', { error }),
      })
    : undefined;
  const presence = createPresence({
    presences: createWorkerPresences(redis),
    name,
    version,
    roles: [...config.roles],
    running: models.underWay,
    warnings: () => catalog.warnings(),
    tellModels,
    onError: onError('telling of this worker'),
  });
  let isStopping = false;

  const readiness = createReadiness(
    {
      redis: async () => `answers ${await redis.ping()}`,
      models: async () => `${registry.list().filter(({ draining }) => !draining).length} served`,
      durability: () => checkGuarantee(redis, guarantee),
      process: async () => {
        if (isStopping) throw new Error('shutting down');
        return 'working';
      },
    },
    () => catalog.warnings(),
    { blobs: () => describeBlobs(blobs) },
  );

  return {
    readiness,
    async start(): Promise<undefined> {
      const runs = config.roles.has('models');
      if (runs) transforms.start();
      await abandoned.start();
      await tellModels();
      if (runs) {
        router.sync(registry.list());
        await sharedStates.start();
        healthChecks.sync();
        await models.sync();
      }
      registry.onChange(() => {
        void tellModels().catch(onError('telling of models'));
        if (!runs) return;
        router.sync(registry.list());
        healthChecks.sync();
        void models.sync();
      });
      if (config.roles.has('webhooks')) await webhooks.start();
      sweeper.start();
      unservedJobs.start();
      collector?.start();
      deletionCost?.start();
      presence.start();
    },
    async stop(deadlineMs: number): Promise<void> {
      isStopping = true;
      // First of all: from here on no run is taken, and the deadline is counted.
      const drained = Promise.all([models.stop(deadlineMs), webhooks.stop()]);
      healthChecks.stop();
      await Promise.all([sweeper.stop(), unservedJobs.stop(), collector?.stop(), sharedStates.stop()]);
      await Promise.all([drained, deletionCost?.stop()]);
      await presence.stop();
      await abandoned.stop();
      await speedometer.write().catch(onError('counting'));
      await Promise.all([caller, transforms, queue, deliveryQueue, noticeQueue].map((part) => part.close()));
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

/**
 * Epoch ms that no change of the clock moves: how long an endpoint is left alone, or a model's repetitions are held back,
 * must not depend on it.
 */
function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
