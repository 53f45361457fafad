import type { KubeConfig, KubernetesListObject, KubernetesObject, Watch } from '@kubernetes/client-node';
import { askCluster } from './ask.ts';

/**
 * For a list, and for a watch to be opened. The client takes its own timeout, of 30 s, for a cluster that is quiet, and
 * opens the next watch: it would never tell of one that takes connections and says nothing.
 */
const TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A kind that the cluster does not have may be installed later. */
const ABSENT_PAUSE_MS = 60_000;
/** An informer that held for so long was in order: the next failure is a first one. */
const HELD_MS = 10_000;

export interface KeptListParts {
  /** Of the cluster; nobody else may change its context. */
  config: () => Promise<KubeConfig>;
  /** Of the collection: `/api/v1/services`. */
  path: string;
  selector: string | undefined;
  now: () => number;
  random: () => number;
  onChange: () => void;
  onFault: (error: unknown) => void;
  timeoutMs?: number;
}

export interface KeptList {
  /** Harmless when it runs already. */
  start(): void;
  stop(): void;
  /** As they were when the cluster last said something of them. */
  items(): readonly KubernetesObject[];
  /** It has been listed, or the cluster does not have this kind. */
  isKnown(): boolean;
  /** Since when the cluster cannot be heard; undefined while it can. */
  failingSince(): number | undefined;
}

class KindAbsent extends Error {}

/**
 * Objects of a cluster, kept in step by an informer of the client. One that has met an error never goes on by itself,
 * and keeps what it knew: it is thrown away then, and after a pause a new one lists anew. What an old one still says
 * is not heard.
 */
export function createKeptList(parts: KeptListParts): KeptList {
  const { now, random, onChange, onFault } = parts;
  let isRunning = false;
  let current: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let items: readonly KubernetesObject[] = [];
  let isKnown = false;
  let isPresent = false;
  let failures = 0;
  let begun = 0;
  let failingSince: number | undefined;

  function begin(): void {
    const own = new AbortController();
    current = own;
    begun = now();
    const fail = (error: unknown): void => end(own, error);
    const tell = (list: readonly KubernetesObject[]): void => {
      if (own.signal.aborted) return;
      items = list;
      isKnown = isPresent = true;
      failingSince = undefined;
      onChange();
    };
    runInformer(parts, own.signal, tell, fail).catch(fail);
  }

  function end(own: AbortController, error: unknown): void {
    if (own.signal.aborted || current !== own) return;
    own.abort();
    current = undefined;
    const isAbsent = error instanceof KindAbsent && !isPresent;
    if (isAbsent) {
      const isNews = !isKnown;
      isKnown = true;
      if (isNews) onChange();
    } else {
      failures = now() - begun > HELD_MS ? 1 : failures + 1;
      failingSince ??= now();
      onFault(error);
    }
    const pause = isAbsent
      ? ABSENT_PAUSE_MS
      : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    timer = setTimeout(begin, pause * (0.5 + random()));
  }

  return {
    start() {
      if (isRunning) return;
      isRunning = true;
      begin();
    },
    stop() {
      isRunning = false;
      clearTimeout(timer);
      current?.abort();
      current = undefined;
    },
    items: () => items,
    isKnown: () => isKnown,
    failingSince: () => failingSince,
  };
}

/** One life of an informer: it tells all objects after each change until it fails or is stopped. */
async function runInformer(
  { config: open, path, selector, timeoutMs = TIMEOUT_MS }: KeptListParts,
  signal: AbortSignal,
  tell: (items: readonly KubernetesObject[]) => void,
  fail: (error: unknown) => void,
): Promise<void> {
  const { ListWatch, Watch } = await import('@kubernetes/client-node');
  const config = await open();
  if (signal.aborted) return;
  let isTold = true;
  const tellSoon = (): void => {
    if (isTold) setImmediate(() => ((isTold = true), tell(informer.list())));
    isTold = false;
  };
  const list = async (): Promise<KubernetesListObject<KubernetesObject>> => {
    const found = await listAll(config, { path, selector, timeoutMs }, signal);
    // The informer takes it over before anything else is done.
    tellSoon();
    return found;
  };
  const watch = guarded(new Watch(config), signal, timeoutMs);
  const informer = new ListWatch<KubernetesObject>(path, watch, list, false, selector);
  informer.on('change', tellSoon);
  informer.on('error', fail);
  signal.addEventListener('abort', () => void informer.stop());
  await informer.start();
}

/**
 * The client's watch, made safe to throw away: it is not opened after the end, says nothing any more then, and a
 * credential that cannot be read is its failure, not that of the process.
 */
function guarded(watch: Watch, signal: AbortSignal, timeoutMs: number): Watch {
  const open = watch.watch.bind(watch);
  watch.watch = async (path, query, callback, done) => {
    const whileRun = <Args extends unknown[]>(call: (...args: Args) => void) => {
      return (...args: Args): void => (signal.aborted ? undefined : call(...args));
    };
    if (signal.aborted) return new AbortController();
    const late = setTimeout(() => whileRun(done)(new Error(`${path} is not watched: no answer.`)), timeoutMs);
    try {
      const opened = await open(path, query, whileRun(callback), whileRun(done));
      if (signal.aborted) opened.abort();
      return opened;
    } catch (error) {
      whileRun(done)(error);
      return new AbortController();
    } finally {
      clearTimeout(late);
    }
  };
  return watch;
}

async function listAll(
  config: KubeConfig,
  { path, selector, timeoutMs }: { path: string; selector: string | undefined; timeoutMs: number },
  signal: AbortSignal,
): Promise<KubernetesListObject<KubernetesObject>> {
  const query = selector === undefined ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
  const asked = { method: 'GET', path: path + query, timeoutMs } as const;
  const { status, body } = await askCluster(config, asked, signal);
  if (status === 404) throw new KindAbsent(`The cluster has no ${path}.`);
  if (status !== 200 || !isList(body)) throw new Error(`The cluster answered ${status} for ${path}.`);
  return body;
}

function isList(body: unknown): body is KubernetesListObject<KubernetesObject> {
  return typeof body === 'object' && body !== null && 'items' in body && Array.isArray(body.items);
}
