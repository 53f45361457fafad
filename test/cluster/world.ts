import type { createClient } from '../support/broker.ts';
import type { Manifest } from '../support/k8s/manifest.ts';

/** A broker in a cluster, or beside it: what the checks are made with. */
export interface World {
  client: ReturnType<typeof createClient>;
  /** Names of the worker pods that are there and run. */
  pods(): Promise<string[]>;
  /** Of the adapter itself, past the API server. */
  adapter: AdapterPlace | undefined;
  /** Why the API server cannot ask the adapter; undefined where it can. */
  metricsFault: string | undefined;
  /** A Service that is a model of this name, with an endpoint that answers. */
  discoverable(name: string): Manifest;
  /** Of the broker's readiness, in words. */
  warnings(): Promise<string>;
}

export interface AdapterPlace {
  url: string;
  ca: string;
  servername: string;
}

/** The model of the pool `small` by the name for which its autoscaler asks; takes as long as its input says. */
export function slowModel(url: string): Record<string, unknown> {
  return {
    name: MODEL,
    protocol: 'json',
    endpoints: [{ url }],
    timeout: 60,
    concurrency: 400,
    cache: { scope: 'off' },
    retry: { attempts: 1, backoff: 0 },
  };
}

export const MODEL = 'language-id';
