import { setTimeout as sleep } from 'node:timers/promises';
import type { Events } from '../events.ts';
import { createClusterWatch, type ClusterWatch } from './cluster-watch.ts';
import type { DiscoveryConfig } from './discovery-config.ts';
import { createEndpointRule } from './endpoint-rule.ts';
import { findModels } from './find-models.ts';
import { joinFindings, type Discovered } from './join-findings.ts';

/** What is told of a cluster that cannot be heard is served on for so long: by then its addresses may be another's. */
const HOLD_MS = 3_600_000;
/** A start waits so long for the clusters; what comes later is served later. */
const FIRST_LOOK_MS = 5000;
/** A rollout changes endpoints many times a second; they are taken over together. */
const GATHER_MS = 200;

export interface DiscoveryParts {
  config: DiscoveryConfig;
  events: Events;
  now: () => number;
  random: () => number;
  holdMs?: number;
}

/** Models that are found in clusters of Kubernetes. */
export interface Discovery {
  /** Looks for the first time. A cluster that does not answer holds nobody up for long. */
  load(): Promise<void>;
  /** Calls `onChange` whenever there is something else to be served. */
  start(onChange: () => void): void;
  found(): Discovered;
  /** By cluster: seconds since it could last be heard, 0 while it can. */
  staleness(): ReadonlyMap<string, number>;
  stop(): void;
}

export function createDiscovery({
  config,
  events,
  now,
  random,
  holdMs = HOLD_MS,
}: DiscoveryParts): Discovery {
  const rule = createEndpointRule(config.allow);
  const names = config.clusters.map(({ name }) => name);
  const watches = new Map<string, ClusterWatch>();
  const timers = new Set<NodeJS.Timeout>();
  let discovered: Discovered = { specs: [], warnings: [] };
  let tell: (() => void) | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let isStopped = false;

  for (const cluster of config.clusters)
    watches.set(
      cluster.name,
      createClusterWatch({
        cluster,
        namespaces: config.namespaces,
        holdMs,
        now,
        random,
        onChange: gather,
        onFault: (error) => onFault(cluster.name, error),
      }),
    );

  function onFault(cluster: string, error: unknown): void {
    events.emit('discovery.failed', { cluster, error });
    later(holdMs + GATHER_MS, gather);
  }

  function later(ms: number, call: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => (timers.delete(timer), call()), ms).unref();
    timers.add(timer);
    return timer;
  }

  function gather(): void {
    if (isStopped) return;
    gathering ??= later(GATHER_MS, () => {
      gathering = undefined;
      look();
      tell?.();
    });
  }

  function look(): void {
    const before = discovered.warnings.join('\n');
    const findings = [...watches.values()].flatMap((watch) => findModels(watch.view(), rule));
    discovered = joinFindings(findings, names);
    const faults = discovered.warnings.join('\n');
    if (faults !== before && faults !== '') events.emit('discovery.refused', { faults: discovered.warnings });
  }

  function staleness(): Map<string, number> {
    const time = now();
    return new Map(
      [...watches].map(([name, watch]) => [name, (time - (watch.failingSince() ?? time)) / 1000]),
    );
  }

  function clusterWarnings(): string[] {
    return [...staleness()].flatMap(([name, seconds]) =>
      seconds === 0
        ? []
        : [
            `Cluster ${name} has not been heard for ${Math.ceil(seconds)} s: its models are as they were then.`,
          ],
    );
  }

  return {
    async load() {
      for (const watch of watches.values()) watch.start();
      const end = performance.now() + FIRST_LOOK_MS;
      const all = [...watches.values()];
      while (!all.every((watch) => watch.hasLooked()) && performance.now() < end) await sleep(50);
      look();
    },
    start(onChange) {
      tell = onChange;
      if (watches.size > 0) gather();
    },
    found: () => ({ ...discovered, warnings: [...clusterWarnings(), ...discovered.warnings] }),
    staleness,
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const watch of watches.values()) watch.stop();
    },
  };
}
