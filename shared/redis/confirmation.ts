import type { Redis } from 'ioredis';
import { InferqError } from '../errors.ts';
import type { RedisConnection } from './connection.ts';
import { keyOn, primariesOf, primaryOf } from './primaries.ts';
import { createReplicaWait, type ReplicaWait } from './replica-wait.ts';

/** From the first command on: the client is to have its answer within a second. */
const CONFIRM_WITHIN_MS = 700;

/**
 * What the answer to some work rests on: on what it has itself `written`, on what it has `seen` that others wrote
 * before, or on nothing that could be lost.
 */
export type Basis = 'written' | 'seen' | 'nothing';

/** Sees to it that what a client is told outlives the loss of a master. */
export interface Confirmation {
  /**
   * Does work on a key, over the connection of this confirmation, and waits until enough replicas have what its result
   * rests on. Throws `not_confirmed`: what was written is there, and may be lost.
   */
  confirm: <Result>(
    key: string,
    work: () => Promise<Result>,
    basisOf: (result: Result) => Basis,
  ) => Promise<Result>;
  /** The same for work on any keys, which shall wait for all that it writes. */
  confirmAll: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** For `memory` and `fsync`: what Redis has answered is as good as it gets. */
export const UNCONFIRMED: Confirmation = { confirm: (_key, work) => work(), confirmAll: (work) => work() };

/**
 * Replicas are asked with WAIT on the connection over which the work was done: asked on another one, such as the one
 * that takes its place after a failover, WAIT answers for writes that the new master may never have seen. The connection
 * must send nothing again by itself.
 */
export function createConfirmation(redis: RedisConnection, replicas: number): Confirmation {
  const waits = new WeakMap<Redis, ReplicaWait>();

  function waitOf(primary: Redis): ReplicaWait {
    const wait = waits.get(primary) ?? createReplicaWait(primary, replicas);
    waits.set(primary, wait);
    return wait;
  }

  /** Checks that replicas keep up, before anything is written; answers the connection as it is now. */
  async function open(primary: Redis, until: number): Promise<Redis['stream']> {
    if (!waitOf(primary).keepsUp) throw notConfirmed();
    // A node of a cluster connects when it is first needed.
    if (primary.status !== 'ready')
      await before(until, primary.ping()).catch((error: unknown) => {
        throw notConfirmed(error);
      });
    return primary.stream;
  }

  async function settle(
    primary: Redis,
    stream: Redis['stream'],
    until: number,
    key: string,
    isSeen: boolean,
  ) {
    if (primary.stream !== stream) throw notConfirmed();
    const answer = await before(until, waitOf(primary).join(key, isSeen)).catch((error: unknown) => {
      throw notConfirmed(error);
    });
    if (!answer.enough || answer.stream !== stream) throw notConfirmed();
  }

  return {
    async confirm(key, work, basisOf) {
      const until = performance.now() + CONFIRM_WITHIN_MS;
      const primary = primaryOf(redis, key);
      if (!primary) return work();
      const stream = await open(primary, until);
      const result = await work();
      const basis = basisOf(result);
      if (basis === 'nothing') return result;
      // The slot has another master now.
      if (primaryOf(redis, key) !== primary) throw notConfirmed();
      await settle(primary, stream, until, key, basis === 'seen');
      return result;
    },
    async confirmAll(work) {
      const until = performance.now() + CONFIRM_WITHIN_MS;
      const opened = await Promise.all(
        primariesOf(redis).map(async (primary) => ({ primary, stream: await open(primary, until) })),
      );
      const result = await work();
      const later = performance.now() + CONFIRM_WITHIN_MS;
      await Promise.all(
        opened.map(({ primary, stream }) => settle(primary, stream, later, keyOn(redis, primary), false)),
      );
      return result;
    },
  };
}

async function before<Result>(until: number, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No answer in time')), Math.max(0, until - performance.now()));
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function notConfirmed(cause?: unknown): InferqError {
  const detail =
    'Too few replicas of Redis have confirmed the request, which may have been carried out: repeat it. ' +
    'A submission with an Idempotency-Key is safe to repeat.';
  return new InferqError('not_confirmed', detail, { retryAfter: 1, cause });
}
