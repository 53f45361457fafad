import { setTimeout as sleep } from 'node:timers/promises';
import { askCluster } from '../shared/kubernetes/ask.ts';
import { IN_CLUSTER, openKubeConfig } from '../shared/kubernetes/kube-config.ts';
import type { PodPlace } from '../shared/pod-config.ts';

const ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
const TIMEOUT_MS = 5000;

/** In powers of two: each change is a write to the API server, and only the order of the pods counts. */
export function deletionCost(running: number): number {
  return running <= 0 ? 0 : 2 ** Math.floor(Math.log2(running));
}

export interface DeletionCostParts {
  running: () => Promise<number>;
  /** Writes the cost where Kubernetes looks for it. */
  write: (cost: number) => Promise<void>;
  /** Between two writes, at least. */
  everyMs: number;
  /** Told of the first failure, and of the first after a success: jobs are run all the same. */
  onFault: (error: unknown) => void;
}

/** Keeps the worker's pod marked with what it runs, so that the idle go first when there are to be fewer. */
export function createDeletionCost({ running, write, everyMs, onFault }: DeletionCostParts) {
  const stopping = new AbortController();
  let keeping = Promise.resolve();
  let written: number | undefined;
  let isFailing = false;

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      await mark();
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function mark(): Promise<void> {
    try {
      const cost = deletionCost(await running());
      if (cost === written) return;
      await write(cost);
      written = cost;
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFault(error);
      isFailing = true;
    }
  }

  return {
    start(): void {
      keeping = keep();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await keeping;
    },
  };
}

/** Writes to the pod itself; its service account may patch pods. */
export function createPodWriter({ name, namespace, kubeconfig }: PodPlace): (cost: number) => Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  return async (cost) => {
    const patch = { metadata: { annotations: { [ANNOTATION]: String(cost) } } };
    const { status } = await askCluster(await openKubeConfig(kubeconfig ?? IN_CLUSTER), {
      method: 'PATCH',
      path,
      patch,
      timeoutMs: TIMEOUT_MS,
    });
    if (status >= 300) throw new Error(`The cluster answered ${status} to a change of the pod ${name}.`);
  };
}
