import { setTimeout as sleep } from 'node:timers/promises';
import type { RoleProcess } from '../../cli/local/role-process.ts';
import type { Cluster } from '../support/k8s/cluster.ts';
import { at, isMap, listAt, nameOf, textAt, type Manifest } from '../support/k8s/manifest.ts';

export interface StandInNode {
  /** Of the pods whose process runs. */
  pods(): Promise<string[]>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 300;

/**
 * What a node would do, for pods that no scheduler takes: a process of this machine for each, which is told to stop when
 * its pod is to go. Throws what went wrong when it is asked for the pods.
 */
export function startStandInNode(
  cluster: Cluster,
  path: string,
  start: (pod: Manifest) => Promise<RoleProcess>,
  stopWithinMs: number,
): StandInNode {
  const running = new Map<string, { name: string; process: Promise<RoleProcess> }>();
  const ready = new Set<string>();
  const ending = new Set<Promise<void>>();
  const stopping = new AbortController();
  let fault: unknown;

  async function look(): Promise<void> {
    const { status, body } = await cluster.request('GET', path);
    if (status !== 200) throw new Error(`Pods cannot be listed: ${status}`);
    const there = new Map(
      listAt(body, 'items')
        .filter(isMap)
        .filter((pod) => at(pod, 'metadata', 'deletionTimestamp') === undefined)
        .map((pod) => [textAt(pod, 'metadata', 'uid'), pod]),
    );
    for (const [uid, pod] of there) if (!running.has(uid)) begin(uid, pod);
    for (const uid of running.keys()) if (!there.has(uid)) end(uid);
  }

  function begin(uid: string, pod: Manifest): void {
    const process = start(pod);
    running.set(uid, { name: nameOf(pod), process });
    process.then(() => ready.add(uid)).catch((error: unknown) => (fault ??= error));
  }

  function end(uid: string): void {
    const process = running.get(uid)?.process;
    running.delete(uid);
    ready.delete(uid);
    const ended = process
      ?.then((role) => role.stop(stopWithinMs))
      .catch((error: unknown) => (fault ??= error));
    if (ended) ending.add(ended.then(() => undefined));
  }

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => (fault ??= error));
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    async pods() {
      if (fault !== undefined) throw fault;
      return [...running].flatMap(([uid, { name }]) => (ready.has(uid) ? [name] : []));
    },
    async stop() {
      stopping.abort();
      await looking;
      for (const uid of running.keys()) end(uid);
      await Promise.all(ending);
    },
  };
}
