/** What a model has to do, and how fast it goes. */
export interface Demand {
  /** Jobs that could run now and do not. */
  waiting: number;
  running: number;
  /** Jobs that ended a second, over the last minutes. */
  rate: number;
  /** Mean seconds of a run; null while none has ended. */
  runTime: number | null;
}

export interface ScalingGoal {
  /** Seconds within which what waits is to be started. */
  wait: number;
  /** Runs of the model that one worker has room for. */
  perWorker: number;
  /** Runs of the model over all workers; more workers than these need are of no use. */
  most: number;
}

/** A fifth of each worker is kept free: at full load queues grow without bound. */
const BUSY_SHARE = 0.8;

/**
 * How many workers a model takes, by Little's law (runs under way = runs a second × seconds a run): enough for what
 * comes in, and to start what waits within the objective. Whoever has something to do gets one at least.
 */
export function desiredWorkers(demand: Demand, { wait, perWorker, most }: ScalingGoal): number {
  const { waiting, running, rate, runTime } = demand;
  if (waiting + running === 0 && rate === 0) return 0;
  // Before the first run has ended nobody knows better than one place a job.
  const places = runTime === null ? waiting + running : runTime * (rate + waiting / wait);
  const room = perWorker * BUSY_SHARE;
  const needed = Math.ceil(Math.min(places, most * BUSY_SHARE) / room - 1e-9);
  return Math.max(1, needed);
}
