export interface Demand {
  /** Runs that start or want to, a second. */
  arrivals: number;
  /** Seconds that a run takes. */
  serviceTime: number;
  /** Runs that wait for a worker. */
  waiting: number;
  /** Seconds after which a run that waits now should have started. */
  objective: number;
  /** Runs that one worker has at once. */
  workerConcurrency: number;
  /** Runs in flight over all workers: more workers than fill it have nothing to do. */
  modelConcurrency: number;
}

/** So full workers are meant to be: what comes at random needs some room. */
const UTILISATION = 0.8;

/**
 * How many workers keep up with what comes and work off what waits within the objective, by Little's law: runs in
 * flight are their rate times how long each takes.
 */
export function desiredWorkers(demand: Demand): number {
  const { arrivals, serviceTime, waiting, objective, workerConcurrency, modelConcurrency } = demand;
  const inFlight = (arrivals + waiting / objective) * serviceTime;
  const useful = Math.ceil(modelConcurrency / workerConcurrency);
  return Math.min(useful, Math.ceil(inFlight / (workerConcurrency * UTILISATION)));
}
