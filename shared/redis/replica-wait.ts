import type { Redis } from 'ioredis';
import { neighbourOf } from './primaries.ts';

/** Longer than replicas that are well ever take; a client is answered within a second. */
const WAIT_MS = 400;
const LOOK_EVERY_MS = 250;

/** What a WAIT was answered, and the connection that it was answered over. */
export interface Acknowledgement {
  stream: Redis['stream'];
  enough: boolean;
}

interface Batch {
  key: string;
  needsWrite: boolean;
  done: PromiseWithResolvers<Acknowledgement>;
}

export interface ReplicaWait {
  /** Whether replicas have kept up; while they do not, it is not waited for them. */
  readonly keepsUp: boolean;
  /**
   * Joins the next WAIT. It speaks for the writes of its own connection only: with `needsWrite` one is made beside
   * `key`, so that it speaks for all that the connection could see.
   */
  join(key: string, needsWrite: boolean): Promise<Acknowledgement>;
}

/**
 * Group commit: WAITs on one connection, one at a time, each for all that came before it was sent. Whoever comes while
 * one is under way shares the next.
 */
export function createReplicaWait(redis: Redis, replicas: number): ReplicaWait {
  let next: Batch | undefined;
  let isUnderWay = false;
  let keepsUp = true;

  async function ask({ key, needsWrite }: Pick<Batch, 'key' | 'needsWrite'>): Promise<Acknowledgement> {
    const { stream } = redis;
    // In one piece, so that nothing can come between.
    const write = needsWrite ? redis.set(neighbourOf(key, 'mark'), '', 'PX', 1000) : undefined;
    const [acknowledged] = await Promise.all([redis.wait(replicas, WAIT_MS), write]);
    return { stream, enough: acknowledged >= replicas };
  }

  async function send(): Promise<void> {
    const batch = next;
    if (!batch) return;
    next = undefined;
    isUnderWay = true;
    try {
      const answer = keepsUp ? await ask(batch) : { stream: redis.stream, enough: false };
      if (keepsUp && !answer.enough) lookUntilBack(batch.key);
      batch.done.resolve(answer);
    } catch (error) {
      batch.done.reject(error);
    }
    isUnderWay = false;
    if (next) void send();
  }

  /** While replicas lag, waiting for them would hold everybody up, and leave jobs that nobody was promised. */
  function lookUntilBack(key: string): void {
    keepsUp = false;
    const timer = setInterval(() => {
      if (keepsUp || redis.status === 'end') clearInterval(timer);
      // One that is still under way is the newest word.
      else if (!isUnderWay) void look(key);
    }, LOOK_EVERY_MS);
    timer.unref();
  }

  async function look(key: string): Promise<void> {
    isUnderWay = true;
    // Where not even the master answers, its other commands say so.
    keepsUp = await ask({ key, needsWrite: true }).then(
      ({ enough }) => enough,
      () => false,
    );
    isUnderWay = false;
    if (next) void send();
  }

  return {
    get keepsUp() {
      return keepsUp;
    },
    join(key, needsWrite) {
      next ??= { key, needsWrite: false, done: Promise.withResolvers() };
      next.needsWrite ||= needsWrite;
      const { promise } = next.done;
      // After all answers that came in the same read.
      if (!isUnderWay) setImmediate(() => (isUnderWay ? undefined : void send()));
      return promise;
    },
  };
}
