import type { Events } from '../../shared/events.ts';
import type { StartedRun } from '../../shared/ports.ts';
import type { NoticeQueue } from '../../shared/redis/notice-queue.ts';

/** Tells clients what becomes of their jobs on the way. Nothing waits for it, and what goes wrong harms no job. */
export interface Notices {
  started(run: StartedRun): void;
  progress(run: string): void;
}

export interface NoticesParts {
  queue: NoticeQueue;
  /** The jobs that are to be told of a run's progress. */
  findListeners: (run: string) => Promise<string[]>;
  events: Events;
}

const PROGRESS_EVERY_MS = 500;
/** By then the progress itself has been written, which the notice is made from. */
const WRITTEN_AFTER_MS = 50;

export function createNotices({ queue, findListeners, events }: NoticesParts): Notices {
  /** When each run was last told of; those whose time has passed are forgotten on the way. */
  const told = new Map<string, number>();
  const planned = new Set<string>();
  const onError = (error: unknown): void => events.emit('redis.failed', { where: 'telling of a job', error });

  async function tellProgress(run: string): Promise<void> {
    planned.delete(run);
    const now = performance.now();
    for (const [other, at] of told) if (now - at > PROGRESS_EVERY_MS) told.delete(other);
    told.set(run, now);
    const jobs = await findListeners(run);
    await Promise.all(jobs.map((jobId) => queue.add({ jobId, event: 'progress', at: Date.now() })));
  }

  return {
    started({ told, startedAt }) {
      for (const jobId of told) queue.add({ jobId, event: 'started', at: startedAt }).catch(onError);
    },
    progress(run) {
      if (planned.has(run)) return;
      planned.add(run);
      const since = performance.now() - (told.get(run) ?? Number.NEGATIVE_INFINITY);
      const wait = Math.max(WRITTEN_AFTER_MS, PROGRESS_EVERY_MS - since);
      setTimeout(() => void tellProgress(run).catch(onError), wait).unref();
    },
  };
}
