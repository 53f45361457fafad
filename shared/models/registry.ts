import { compileForModel, type SchemaCheck } from '../json-schema.ts';
import { splitName, type ModelSpec } from '../model.ts';
import { modelCode } from '../redis/keys.ts';
import { mainVersion } from './traffic.ts';

/** A spec that is in force, and where it comes from. `draining`: jobs that are accepted finish, new ones are refused. */
export interface ServedSpec {
  spec: ModelSpec;
  source: 'file' | 'api' | 'cluster';
  draining: boolean;
}

/** A model that can be used: its spec, the code in its keys, its schemas compiled. */
export interface Model extends ServedSpec {
  code: string;
  checkInput: SchemaCheck;
  checkOutput: SchemaCheck;
}

/** The models that are served. A change replaces all at once; who holds a Model goes on with it unharmed. */
export interface Registry {
  /** By `name@version`, or by `name` the version that takes most of the jobs; not what is draining. */
  find(name: string): Model | undefined;
  /** The same, but for a name without version all of its versions, from the oldest to the newest. */
  versionsOf(name: string): readonly Model[];
  /** By the code of its keys, in the version that a job was accepted for; also what is draining. */
  findByCode(code: string, version: string): Model | undefined;
  /** All of them, by name and version; also what is draining. */
  list(): readonly Model[];
  replace(specs: readonly ServedSpec[]): void;
  onChange(listener: () => void): void;
}

export function createRegistry(): Registry {
  let models: readonly Model[] = [];
  let byName: ReadonlyMap<string, readonly Model[]> = new Map();
  const listeners: (() => void)[] = [];

  function versionsOf(name: string): readonly Model[] {
    const { name: base, version } = splitName(name);
    const versions = byName.get(base) ?? [];
    return version === undefined ? versions : versions.filter(({ spec }) => spec.version === version);
  }

  return {
    find(name) {
      const versions = versionsOf(name);
      return versions[mainVersion(versions.map(({ spec }) => spec))];
    },
    versionsOf,
    findByCode(code, version) {
      return models.find((model) => model.code === code && model.spec.version === version);
    },
    list: () => models,
    replace(specs) {
      const before = new Map(models.map((model) => [textOf(model), model]));
      models = specs.map((served) => before.get(textOf(served)) ?? compile(served)).sort(byNameAndVersion);
      const open = models.filter(({ draining }) => !draining);
      byName = Map.groupBy(open, ({ spec }) => spec.name);
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

function textOf({ spec, source, draining }: ServedSpec): string {
  return JSON.stringify([source, draining, spec]);
}

function compile(served: ServedSpec): Model {
  const { spec } = served;
  return {
    ...served,
    code: modelCode(spec.name),
    checkInput: compileForModel(spec.input_schema),
    checkOutput: compileForModel(spec.output_schema),
  };
}

const natural = new Intl.Collator('en', { numeric: true });

function byNameAndVersion(a: Model, b: Model): number {
  return natural.compare(a.spec.name, b.spec.name) || natural.compare(a.spec.version, b.spec.version);
}
