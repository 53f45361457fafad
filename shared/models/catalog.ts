import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../config.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { Events } from '../events.ts';
import { fullName, type ModelSpec } from '../model.ts';
import type { ModelStore, StoredModel } from '../redis/model-store.ts';
import { checkSpec, describeFaults, ModelFileError } from './model-file.ts';
import type { ModelSource } from './model-source.ts';
import type { Registry, ServedSpec } from './registry.ts';
import { strangeKeywords } from './schema-keywords.ts';
import { resolveSecrets } from './secret-references.ts';
import { codeClash, formerSpecs, servedSpecs, type FormerSpec } from './served-specs.ts';

/** A change over the API is in force everywhere so much later, and a moment. */
const LOOK_EVERY_MS = 300;
const FORGET_EVERY_MS = 10_000;

export interface CatalogParts {
  source: ModelSource;
  store: ModelStore;
  /** What clusters serve; undefined: none is looked at. */
  discovery?: Discovery;
  registry: Registry;
  events: Events;
  /** Of a role that calls models: what references to secrets are replaced from, and it forgets what is drained. */
  secrets: Environment | undefined;
  /** Told of each new fault of the files. */
  onFileFault: (error: unknown) => void;
}

/** Keeps the registry in step with the model files, with the models of the API and with those of clusters. */
export interface Catalog {
  /** Reads all of them for the first time. Throws what is wrong with the files. */
  load(): Promise<void>;
  start(): void;
  /** Takes over now what the API has changed. */
  refresh(): Promise<void>;
  /** What of the sources is not in force, and why; nothing where all is well. */
  warnings(): string[];
  stop(): Promise<void>;
}

export function createCatalog({
  source,
  store,
  discovery,
  registry,
  events,
  secrets,
  onFileFault,
}: CatalogParts): Catalog {
  const stopping = new AbortController();
  let watching = Promise.resolve();
  let files: readonly ModelSpec[] = [];
  /** Taken from the files while this process ran, by time: jobs that were accepted for them are to finish. */
  let former: readonly FormerSpec[] = [];
  let stored: readonly StoredModel[] = [];
  let revision = '';
  let fileFault: unknown;
  let storedFaults: string[] = [];
  let doubts: string[] = [];
  let reading = Promise.resolve();

  /** One spec of the API or of a cluster that cannot be used is left out and told of; the others are served. */
  function apply(nextFiles: readonly ModelSpec[], nextStored: readonly StoredModel[]): void {
    former = formerSpecs(former, files, nextFiles, Date.now());
    files = nextFiles;
    stored = nextStored;
    storedFaults = [];
    const drained = former.map(({ spec }) => spec);
    const discovered = discovery?.found().specs ?? [];
    registry.replace(servedSpecs(files, stored, drained, discovered).flatMap(usable));
    doubts = registry.list().flatMap(({ spec, draining }) => (draining ? [] : doubtsOf(spec)));
  }

  function usable(served: ServedSpec): ServedSpec[] {
    if (served.source === 'file') return [served];
    if (served.source === 'cluster') return usableOfCluster(served);
    const { spec, missing } = secrets ? resolveSecrets(served.spec, secrets) : { ...served, missing: [] };
    // With the secrets, as they may be such that no header can hold them.
    const faults = checkSpec(spec);
    const clash = codeClash(served.spec, files);
    if (clash) faults.push({ pointer: '/name', detail: clash });
    for (const name of missing)
      faults.push({ pointer: '/endpoints', detail: `the variable ${name} is not set in the environment` });
    if (faults.length === 0) return [{ ...served, spec }];
    storedFaults.push(describeFaults(fullName(served.spec), faults));
    return [];
  }

  /** Its fields are checked already, and nothing in it is replaced: it is not the operator's. */
  function usableOfCluster(served: ServedSpec): ServedSpec[] {
    const { spec, draining } = served;
    const clash = codeClash(spec, [...files, ...stored.map((model) => model.spec)]);
    if (clash) storedFaults.push(`${fullName(spec)}, found in a cluster: ${clash}`);
    if (draining)
      storedFaults.push(`${fullName(spec)}, found in a cluster, is not served: the operator has that name`);
    return clash ? [] : [served];
  }

  async function readStored(): Promise<void> {
    const now = await store.read();
    if (now.revision === revision) return;
    apply(files, now.models);
    revision = now.revision;
    tell();
  }

  /** One after the other: an answer from before a change must not come after it. */
  function refresh(): Promise<void> {
    reading = reading.then(readStored, readStored);
    return reading;
  }

  function tell(): void {
    events.emit('models.loaded', { models: registry.list().map(({ spec }) => fullName(spec)) });
    if (storedFaults.length > 0) events.emit('models.refused', { error: new Error(storedFaults.join('\n')) });
    if (doubts.length > 0) events.emit('models.doubted', { doubts });
  }

  async function watch(): Promise<void> {
    for (let round = 1; !stopping.signal.aborted; round++) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        if ((await store.revision()) !== revision) await refresh();
        if ((round * LOOK_EVERY_MS) % FORGET_EVERY_MS < LOOK_EVERY_MS) await forgetDrained();
      } catch (error) {
        events.emit('redis.failed', { where: 'reading models', error });
      }
    }
  }

  async function forgetDrained(): Promise<void> {
    if (secrets && stored.some(({ deletedAt }) => deletedAt !== undefined))
      await store.forgetDrained(Date.now());
    const kept: FormerSpec[] = [];
    for (const one of former) if (!(await store.isDrained(one, Date.now()))) kept.push(one);
    if (kept.length === former.length) return;
    former = kept;
    apply(files, stored);
  }

  function onFiles(specs: ModelSpec[]): void {
    apply(specs, stored);
    fileFault = undefined;
    tell();
  }

  function onDiscovered(): void {
    const before = namesOf(registry);
    const faults = storedFaults.join();
    apply(files, stored);
    if (namesOf(registry) !== before || storedFaults.join() !== faults) tell();
  }

  return {
    async load() {
      const [specs, now] = await Promise.all([source.load(), store.read(), discovery?.load()]);
      apply(specs, now.models);
      revision = now.revision;
    },
    start() {
      if (storedFaults.length > 0 || doubts.length > 0) tell();
      source.start(onFiles, (error) => {
        fileFault = error;
        onFileFault(error);
      });
      discovery?.start(onDiscovered);
      watching = watch();
    },
    refresh,
    warnings: () => [
      ...(fileFault === undefined ? [] : [warningOf(fileFault)]),
      ...storedFaults,
      ...doubts,
      ...(discovery?.found().warnings ?? []),
    ],
    async stop() {
      stopping.abort();
      discovery?.stop();
      await Promise.all([source.stop(), watching]);
    },
  };
}

function doubtsOf(spec: ModelSpec): string[] {
  const strange = strangeKeywords(spec);
  return strange.length === 0 ? [] : [describeFaults(fullName(spec), strange).replaceAll('\n', '; ')];
}

function namesOf(registry: Registry): string {
  return registry
    .list()
    .map(({ spec }) => fullName(spec))
    .join();
}

/** Without the folders of the machine: who asks for readiness needs no credential. */
function warningOf(fault: unknown): string {
  const text =
    fault instanceof ModelFileError
      ? describeFaults(path.basename(fault.source), fault.faults.slice(0, 3))
      : 'they cannot be read';
  return `The last change of the model files is not in force: ${text.replaceAll('\n', '; ')}`;
}
