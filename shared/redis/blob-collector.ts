import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore } from '../blobs/blob-store.ts';
import { createBlobIndex } from './blob-index.ts';
import type { RedisConnection } from './connection.ts';
import { createSweeperLease } from './sweeper-lease.ts';

const COLLECT_EVERY_MS = 2000;
const MODELS_AT_ONCE = 8;

export interface BlobCollectorParts {
  redis: RedisConnection;
  blobs: BlobStore;
  /** The codes of all models that may have blobs. */
  codes: () => readonly string[];
  name: string;
  onError: (error: unknown) => void;
}

/**
 * Removes the blobs of jobs whose data have expired, and what was left over by processes that died. Beside the
 * sweeper, not in it: a slow store must hold nothing else up. One worker at a time, by lease; twice is harmless.
 */
export function createBlobCollector({ redis, blobs, codes, name, onError }: BlobCollectorParts) {
  const stopping = new AbortController();
  const lease = createSweeperLease(redis, name);
  const index = createBlobIndex(redis);
  let collecting = Promise.resolve();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(COLLECT_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await collectOnce().catch(onError);
    }
  }

  async function collectOnce(): Promise<void> {
    const all = codes();
    if (all.length === 0 || !(await lease.hold(['blobs', ...all]))) return;
    // All are asked at once, in one flush of the connection, as the sweeper does.
    const exist = await Promise.all(all.map((code) => index.exists(code)));
    const waiting = all.filter((_, at) => exist[at]);
    await Promise.all(Array.from({ length: MODELS_AT_ONCE }, () => collectNext(waiting)));
  }

  async function collectNext(waiting: string[]): Promise<void> {
    for (let code = waiting.pop(); code !== undefined; code = waiting.pop())
      if (!stopping.signal.aborted) await collect(code).catch(onError);
  }

  /** What the store does not remove now stays in the index and comes again. */
  async function collect(code: string): Promise<void> {
    const unheld = await index.unheld(code);
    const results = await Promise.allSettled(unheld.map((blob) => blobs.remove(blob)));
    await index.forget(unheld.filter((_, at) => results[at]?.status === 'fulfilled'));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  return {
    start(): void {
      collecting = loop();
    },
    collectOnce,
    async stop(): Promise<void> {
      stopping.abort();
      await collecting;
      await lease.release().catch(onError);
    },
  };
}
