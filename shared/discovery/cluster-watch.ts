import { createKeptList, type KeptList, type KeptListParts } from '../kubernetes/kept-list.ts';
import { openKubeConfig } from '../kubernetes/kube-config.ts';
import type { ClusterPlace } from './discovery-config.ts';
import {
  fromAlpha,
  MODEL_LABEL,
  type AlphaInferencePool,
  type ClusterView,
  type InferencePool,
} from './kube-objects.ts';

const KINDS = {
  services: { group: '/api/v1', kind: 'services' },
  slices: { group: '/apis/discovery.k8s.io/v1', kind: 'endpointslices' },
  inferenceServices: { group: '/apis/serving.kserve.io/v1beta1', kind: 'inferenceservices' },
  pools: { group: '/apis/inference.networking.k8s.io/v1', kind: 'inferencepools' },
  alphaPools: { group: '/apis/inference.networking.x-k8s.io/v1alpha2', kind: 'inferencepools' },
} as const;
type Kind = keyof typeof KINDS;

export interface ClusterWatchParts extends Pick<KeptListParts, 'now' | 'random' | 'onChange' | 'onFault'> {
  cluster: ClusterPlace;
  /** Empty: all. */
  namespaces: readonly string[];
  /** What cannot be heard counts as it was for so long, and as nothing then. */
  holdMs: number;
}

export interface ClusterWatch {
  start(): void;
  stop(): void;
  view(): ClusterView;
  /** Each kind has been listed once, or could not be. */
  hasLooked(): boolean;
  /** Since when some of it cannot be heard. */
  failingSince(): number | undefined;
}

/** Watches what one cluster says of models; with the pods of its InferencePools, which no Service stands for. */
export function createClusterWatch({
  cluster,
  namespaces,
  holdMs,
  ...parts
}: ClusterWatchParts): ClusterWatch {
  const config = () => openKubeConfig(cluster.place, cluster.context);
  const places = namespaces.length === 0 ? [''] : namespaces.map((name) => `/namespaces/${name}`);
  const listsOf = (kind: Kind): KeptList[] =>
    places.map((place) =>
      createKeptList({
        ...parts,
        config,
        path: `${KINDS[kind].group}${place}/${KINDS[kind].kind}`,
        selector: `${MODEL_LABEL}=true`,
        onChange,
      }),
    );
  const lists = {
    services: listsOf('services'),
    slices: listsOf('slices'),
    inferenceServices: listsOf('inferenceServices'),
    pools: listsOf('pools'),
    alphaPools: listsOf('alphaPools'),
  };
  /** By namespace and selector. */
  const pods = new Map<string, KeptList>();
  const all = (): KeptList[] => [...Object.values(lists).flat(), ...pods.values()];

  function onChange(): void {
    syncPods();
    parts.onChange();
  }

  function syncPods(): void {
    const wanted = new Map(poolsIn(lists.pools, lists.alphaPools).map((pool) => [podsKey(pool), pool]));
    for (const [key, list] of pods) {
      if (wanted.has(key)) continue;
      list.stop();
      pods.delete(key);
    }
    for (const [key, { metadata }] of wanted) {
      if (pods.has(key)) continue;
      const [selector = ''] = key.split('|');
      const path = `/api/v1/namespaces/${metadata?.namespace}/pods`;
      const list = createKeptList({ ...parts, config, path, selector });
      pods.set(key, list);
      list.start();
    }
  }

  function isHeld(list: KeptList): boolean {
    const since = list.failingSince();
    return list.isKnown() && (since === undefined || parts.now() - since < holdMs);
  }

  function heldItems<Item extends object>(lists: readonly KeptList[]): Item[] {
    return itemsOf(lists.filter(isHeld));
  }

  return {
    start: () => all().forEach((list) => list.start()),
    stop: () => all().forEach((list) => list.stop()),
    view: () => ({
      name: cluster.name,
      // A Service alone says nothing of its pods.
      services: lists.slices.every(isHeld) ? heldItems(lists.services) : [],
      slices: heldItems(lists.slices),
      inferenceServices: heldItems(lists.inferenceServices),
      pools: poolsIn(lists.pools.filter(isHeld), lists.alphaPools.filter(isHeld)).map((pool) => {
        const list = pods.get(podsKey(pool));
        return { pool, pods: list ? heldItems([list]) : [] };
      }),
    }),
    hasLooked: () => all().every((list) => list.isKnown() || list.failingSince() !== undefined),
    failingSince() {
      const since = all().flatMap((list) => list.failingSince() ?? []);
      return since.length === 0 ? undefined : Math.min(...since);
    },
  };
}

/** Their fields are checked where they are read: the types are of what may be there. */
function itemsOf<Item extends object>(lists: readonly KeptList[]): Item[] {
  return lists.flatMap((list) => list.items().map((item) => item as Item));
}

function poolsIn(stable: readonly KeptList[], alpha: readonly KeptList[]): InferencePool[] {
  return [...itemsOf<InferencePool>(stable), ...itemsOf<AlphaInferencePool>(alpha).map(fromAlpha)];
}

/** An empty selector takes no pods, rather than all of the namespace. */
function podsKey({ metadata, spec }: InferencePool): string {
  const labels = Object.entries(spec?.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const selector = labels.sort().join(',');
  return `${selector || `${MODEL_LABEL}=none`}|${metadata?.namespace ?? ''}`;
}
