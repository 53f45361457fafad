import type { Registry } from 'prom-client';
import { startMetricsServer, type Place, type ScalingPages } from '../observe/metrics-server.ts';
import type { Readiness } from '../observe/readiness.ts';

/** What a process has to tell on the second listener. */
export interface Pages {
  metrics: Registry;
  readiness: Readiness;
  scaling: ScalingPages | undefined;
}

/** How the processes that do a role's work on this machine appear as one. */
export interface Together {
  /** The number of this process among them; undefined where it is the only one. */
  process: number | undefined;
  /** Opens the second listener, which tells of all of them. */
  listen(place: Place, pages: Pages): Promise<{ url: string; stop(): Promise<void> }>;
  /** Whether all are ready, for those who ask this one. */
  readinessOf(own: Readiness): Readiness;
  /** What is counted in each of them, taken together. */
  sumOf(own: () => number): () => Promise<number>;
}

/** A process that does a role's work by itself. */
export const ALONE: Together = {
  process: undefined,
  listen: (place, { metrics, readiness, scaling }) => startMetricsServer(place, metrics, readiness, scaling),
  readinessOf: (own) => own,
  sumOf: (own) => async () => own(),
};
