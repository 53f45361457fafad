import { readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, type Fault } from '../errors.ts';
import type { ModelSpec } from '../model.ts';
import { checkTogether, describeFaults, ModelFileError, parseModelFile } from './model-file.ts';

const LOOK_EVERY_MS = 500;

/** The model files of an operator: a YAML file, or a folder of them. */
export interface ModelSource {
  /** Throws a ModelFileError, or an Error that names the path where there is nothing to read. */
  load(): Promise<ModelSpec[]>;
  /** Calls `onSpecs` after each change that can be used, `onFault` after each that cannot. */
  start(onSpecs: (specs: ModelSpec[]) => void, onFault: (error: unknown) => void): void;
  stop(): Promise<void>;
}

/**
 * An empty location has no models. Looks for changes twice a second: file watchers miss the swapped links by which
 * ConfigMaps are updated.
 */
export function createModelSource(location: string, env: Record<string, string | undefined>): ModelSource {
  const stopping = new AbortController();
  let watching = Promise.resolve();
  let seen = '';
  /** The files with secrets that the model files name, with what they held when these were read. */
  let secrets = new Map<string, string>();

  function readSecret(file: string): string {
    secrets.set(file, '');
    const text = readFileSync(file, 'utf8');
    secrets.set(file, text);
    return text;
  }

  /** Throws the faults of all files that cannot be used. */
  function parseFiles(files: readonly { file: string; text: string }[]): ModelSpec[] {
    const broken: ModelFileError[] = [];
    const specs = files.flatMap(({ file, text }) => {
      try {
        return parseModelFile(text, file, env, readSecret);
      } catch (error) {
        if (!(error instanceof ModelFileError)) throw error;
        broken.push(error);
        return [];
      }
    });
    const [first] = broken;
    if (first) throw broken.length === 1 ? first : new ModelFileError(location, broken.flatMap(namedFaults));
    return specs;
  }

  async function load(): Promise<ModelSpec[]> {
    const files = await readFiles(location);
    seen = JSON.stringify(files);
    secrets = new Map();
    const specs = parseFiles(files);
    const faults = checkTogether(specs);
    if (faults.length > 0) throw new ModelFileError(location, faults);
    return specs;
  }

  async function watch(
    onSpecs: (specs: ModelSpec[]) => void,
    onFault: (error: unknown) => void,
  ): Promise<void> {
    let lastFault = '';
    while (!stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        const before = seen;
        const changed = JSON.stringify(await readFiles(location)) !== before || (await differs(secrets));
        if (!changed) continue;
        onSpecs(await load());
        lastFault = '';
      } catch (error) {
        // Files that are back after they could not be read are news, even if they are the same.
        if (!(error instanceof ModelFileError)) seen = '';
        // A fault that stays is told once.
        if (messageOf(error) !== lastFault) onFault(error);
        lastFault = messageOf(error);
      }
    }
  }

  return {
    load,
    start(onSpecs, onFault) {
      watching = watch(onSpecs, onFault);
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

/** The faults of one file among those of others. */
function namedFaults({ source, faults }: ModelFileError): Fault[] {
  const file = path.basename(source);
  return faults.map((fault) => ({ pointer: '', detail: describeFaults(file, [fault]) }));
}

/** A file that is not there counts as an empty one: it is looked for until it comes. */
async function differs(secrets: ReadonlyMap<string, string>): Promise<boolean> {
  const changes = [...secrets].map(async ([file, text]) => {
    const now = await readFile(file, 'utf8').catch(() => '');
    return now !== text;
  });
  return (await Promise.all(changes)).includes(true);
}

async function readFiles(location: string): Promise<{ file: string; text: string }[]> {
  if (location === '') return [];
  const entry = await stat(location).catch(() => undefined);
  if (!entry) throw new Error(`There is no model file or folder at ${location}. Set INFERQ_MODELS to one.`);
  const names = entry.isDirectory()
    ? (await readdir(location)).filter((name) => /^[^.].*\.ya?ml$/.test(name))
    : [''];
  if (names.length === 0) throw new Error(`The folder ${location} holds no .yaml file.`);
  const files = names.sort().map((name) => path.join(location, name));
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
}
