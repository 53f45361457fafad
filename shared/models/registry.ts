import { compileSchema, type SchemaCheck } from '../json-schema.ts';
import type { ModelSpec } from '../model.ts';
import { modelCode } from '../redis/keys.ts';

/** A model that can be used: its spec, the code in its keys, its schemas compiled. */
export interface Model {
  spec: ModelSpec;
  code: string;
  checkInput: SchemaCheck;
  checkOutput: SchemaCheck;
}

/** The models that are served. A change replaces all at once; who holds a Model goes on with it unharmed. */
export interface Registry {
  /** By `name` (its newest version) or `name@version`. */
  find(name: string): Model | undefined;
  /** By the code of its keys, in the version that a job was accepted for. */
  findByCode(code: string, version: string): Model | undefined;
  list(): readonly Model[];
  replace(specs: readonly ModelSpec[]): void;
  onChange(listener: () => void): void;
}

export function createRegistry(): Registry {
  let models: readonly Model[] = [];
  const listeners: (() => void)[] = [];
  return {
    find(name) {
      const [base, version] = name.split('@');
      return models.findLast(
        ({ spec }) => spec.name === base && (version === undefined || spec.version === version),
      );
    },
    findByCode(code, version) {
      return models.find((model) => model.code === code && model.spec.version === version);
    },
    list: () => models,
    replace(specs) {
      const before = new Map(models.map((model) => [JSON.stringify(model.spec), model]));
      models = specs.map((spec) => before.get(JSON.stringify(spec)) ?? compile(spec)).sort(byNameAndVersion);
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

function compile(spec: ModelSpec): Model {
  return {
    spec,
    code: modelCode(spec.name),
    checkInput: compileSchema(spec.input_schema),
    checkOutput: compileSchema(spec.output_schema),
  };
}

const natural = new Intl.Collator('en', { numeric: true });

function byNameAndVersion(a: Model, b: Model): number {
  return natural.compare(a.spec.name, b.spec.name) || natural.compare(a.spec.version, b.spec.version);
}
