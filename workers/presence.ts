import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerPresence, WorkerPresences } from '../shared/redis/worker-presence.ts';

const EVERY_MS = 5000;
const MOST_WARNINGS = 20;

export interface PresenceParts extends Pick<WorkerPresence, 'name' | 'version' | 'roles'> {
  presences: WorkerPresences;
  running: () => number;
  warnings: () => string[];
  /** Says which models it knows, and that those that it serves are served. */
  tellModels: () => Promise<void>;
  onError: (error: unknown) => void;
}

/** Says every few seconds that this worker is there, what it has in hand and serves; at the end, that it is gone. */
export function createPresence({
  presences,
  running,
  warnings,
  tellModels,
  onError,
  ...about
}: PresenceParts) {
  const stopping = new AbortController();
  const startedAt = Date.now();
  let telling = Promise.resolve();

  async function tell(): Promise<void> {
    while (!stopping.signal.aborted) {
      const now = { running: running(), warnings: warnings().slice(0, MOST_WARNINGS), at: Date.now() };
      await Promise.all([
        presences.write({ ...about, ...now, startedAt }).catch(onError),
        tellModels().catch(onError),
      ]);
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    start(): void {
      telling = tell();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await telling;
      await presences.remove(about.name).catch(onError);
    },
  };
}
