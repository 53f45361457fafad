import { desiredWorkers } from '../../../shared/scaling/desired-workers.ts';
import type { createAutoscaler, Metric } from './autoscaler.ts';

export interface PoolOptions {
  /** Jobs that come in each second. */
  arrivals: readonly number[];
  /** Undefined: as many workers all day. */
  autoscaler: ReturnType<typeof createAutoscaler> | undefined;
  workers: number;
  workerConcurrency: number;
  modelConcurrency: number;
  serviceTime: number;
  objective: number;
  /** What one worker should have outstanding. */
  target: number;
  /** Seconds in which the metrics cannot be had. */
  blind?: (now: number) => boolean;
}

export interface PoolDay {
  /** How many there were, each second. */
  workers: number[];
  /** Part of the jobs that started within the objective. */
  withinObjective: number;
  longestWait: number;
  /** Changes of direction within ten minutes: up after down, or down after up. */
  flaps: number;
}

const SYNC_S = 15;
/** Scheduling, the image, the start, readiness. */
const START_S = 25;
const FLAP_S = 600;
/** The broker's own rate forgets within half a minute. */
const RATE_S = 30;

/** A pool of workers over a day, second by second, with jobs as a fluid that is served in the order it comes. */
export function simulatePool(options: PoolOptions): PoolDay {
  const { arrivals, serviceTime, workerConcurrency, modelConcurrency } = options;
  let wanted = options.workers;
  let waiting = 0;
  let running = 0;
  let rate = 0;
  const starting: { at: number; count: number }[] = [];
  let ready = wanted;
  const queue: { at: number; jobs: number }[] = [];
  const waits = { within: 0, all: 0, longest: 0 };
  const workers: number[] = [];
  const moves: { at: number; by: number }[] = [];

  function start(now: number, room: number): number {
    let left = room;
    for (let first = queue[0]; first !== undefined && left > 0; first = queue[0]) {
      const taken = Math.min(left, first.jobs);
      const wait = now - first.at;
      waits.all += taken;
      if (wait <= options.objective) waits.within += taken;
      waits.longest = Math.max(waits.longest, wait);
      first.jobs -= taken;
      left -= taken;
      if (first.jobs <= 1e-9) queue.shift();
    }
    return room - left;
  }

  function metrics(now: number): Metric[] {
    const isBlind = options.blind?.(now) ?? false;
    const desired = desiredWorkers(
      { waiting, running, rate, runTime: serviceTime },
      { wait: options.objective, perWorker: workerConcurrency, most: modelConcurrency },
    );
    return [
      { value: isBlind ? undefined : waiting + running, target: options.target },
      { value: isBlind ? undefined : desired, target: 1 },
    ];
  }

  function scale(now: number): void {
    const next = options.autoscaler?.decide(now, wanted, metrics(now)) ?? wanted;
    if (next === wanted) return;
    moves.push({ at: now, by: next - wanted });
    if (next > wanted) starting.push({ at: now + START_S, count: next - wanted });
    // Those that are still starting go first, as Kubernetes has it.
    else {
      let surplus = wanted - next;
      for (const batch of starting) {
        const fewer = Math.min(surplus, batch.count);
        batch.count -= fewer;
        surplus -= fewer;
      }
      ready -= surplus;
    }
    wanted = next;
  }

  for (const [now, jobs] of arrivals.entries()) {
    if (now % SYNC_S === 0) scale(now);
    for (const batch of starting.filter(({ at }) => at === now)) ready += batch.count;
    if (jobs > 0) queue.push({ at: now, jobs });
    waiting += jobs;
    running -= running / serviceTime;
    // A worker that goes finishes what it runs: running may be more than the rest could take.
    const room = Math.max(0, Math.min(ready * workerConcurrency, modelConcurrency) - running);
    const started = start(now, Math.min(room, waiting));
    waiting -= started;
    running += started;
    rate += (started - rate) / RATE_S;
    workers.push(wanted);
  }
  const flaps = moves.filter(({ at, by }, index) => {
    const before = moves[index - 1];
    return before !== undefined && by * before.by < 0 && at - before.at < FLAP_S;
  });
  return {
    workers,
    withinObjective: waits.within / waits.all,
    longestWait: waits.longest,
    flaps: flaps.length,
  };
}
