import { Cluster } from 'ioredis';
import type { JobStore } from '../ports.ts';
import type { StoredJob } from '../stored-job.ts';
import { limitCommands } from './command-deadline.ts';
import { createConfirmation, UNCONFIRMED, type Confirmation } from './confirmation.ts';
import { connect, FAIL_FAST, untilReady, type RedisConnection } from './connection.ts';
import type { Guarantee } from './durability.ts';
import { createIdempotencyKeys, idempotencyKey, type IdempotencyKeys } from './idempotency.ts';
import { createJobStore } from './job-store.ts';
import { prefixOf } from './keys.ts';
import { createNearCache } from './near-cache.ts';

export interface AcceptanceParts {
  /** The connection for everything else. */
  redis: RedisConnection;
  url: string;
  guarantee: Guarantee;
  commandDeadlineMs: number;
  onError: (error: unknown) => void;
}

/** The changes of jobs that a client is told of, as durable as was promised. */
export interface Acceptance {
  store: JobStore;
  idempotency: IdempotencyKeys;
  /** A job that a client is to be told of as accepted, though another request took it in. */
  readKept: (id: string) => Promise<StoredJob | undefined>;
  /** For changes over the connection for everything else. */
  confirmAll: Confirmation['confirmAll'];
  ready(): Promise<void>;
  close(): Promise<void>;
}

export function createAcceptance(parts: AcceptanceParts): Acceptance {
  const { redis, guarantee } = parts;
  if (guarantee.durability === 'replicated') return createReplicated(parts);
  const store = createJobStore(redis, createNearCache());
  return {
    store,
    idempotency: createIdempotencyKeys(redis),
    readKept: (id) => store.read(id),
    confirmAll: UNCONFIRMED.confirmAll,
    ready: async () => undefined,
    close: async () => undefined,
  };
}

/** Over a connection of its own: while a WAIT is under way, Redis holds back what else comes over its connection. */
function createReplicated({
  redis,
  url,
  guarantee,
  commandDeadlineMs,
  onError,
}: AcceptanceParts): Acceptance {
  const own = connect(url, FAIL_FAST);
  limitCommands(own, commandDeadlineMs);
  own.on('error', onError);
  const confirmation = createConfirmation(own, guarantee.replicas);
  const told = createJobStore(own, createNearCache());
  const keys = createIdempotencyKeys(own);
  return {
    store: { ...createJobStore(redis), ...confirmChanges(told, confirmation) },
    // On one master a key is written before its job, over the same connection: what confirms the job confirms it too.
    idempotency: own instanceof Cluster ? confirmKeys(keys, confirmation) : keys,
    readKept: (id) =>
      confirmation.confirm(
        prefixOf(id),
        () => told.read(id),
        (job) => (job ? 'seen' : 'nothing'),
      ),
    confirmAll: createConfirmation(redis, guarantee.replicas).confirmAll,
    ready: () => untilReady(own),
    async close() {
      await own.quit().catch(() => own.disconnect());
    },
  };
}

type Told = Pick<JobStore, 'admit' | 'leave' | 'retry'>;

function confirmChanges(store: Told, { confirm }: Confirmation): Told {
  return {
    admit: (submission) =>
      confirm(
        prefixOf(submission.id),
        () => store.admit(submission),
        ({ kind }) => (kind === 'exists' ? 'seen' : TAKEN.has(kind) ? 'written' : 'nothing'),
      ),
    leave: (id, reason) =>
      confirm(
        prefixOf(id),
        () => store.leave(id, reason),
        ({ kind }) => (kind === 'left' ? 'written' : kind === 'ended' ? 'seen' : 'nothing'),
      ),
    retry: (job, ...how) =>
      confirm(
        prefixOf(job.id),
        () => store.retry(job, ...how),
        ({ kind }) => (kind === 'queued' ? 'written' : 'nothing'),
      ),
  };
}

const TAKEN: ReadonlySet<string> = new Set(['hit', 'joined', 'queued']);

/** On a cluster a key and its job lie with different masters. */
function confirmKeys(keys: IdempotencyKeys, { confirm }: Confirmation): IdempotencyKeys {
  return {
    find: (tenant, key, body) =>
      confirm(
        idempotencyKey(tenant, key),
        () => keys.find(tenant, key, body),
        (claim) => (claim ? 'seen' : 'nothing'),
      ),
    claim: (tenant, key, jobId, body) =>
      confirm(
        idempotencyKey(tenant, key),
        () => keys.claim(tenant, key, jobId, body),
        (claim) => (claim.jobId === jobId ? 'written' : 'seen'),
      ),
  };
}
