import { parseDocument } from 'yaml';
import { messageOf, type Fault } from '../errors.ts';
import { compileSchema } from '../json-schema.ts';
import { fullName, ModelFile, type ModelSpec } from '../model.ts';
import { syntaxFault } from './expression.ts';
import { checkFallbacks } from './fallbacks.ts';
import { modelCode } from '../redis/keys.ts';
import { replacePlaceholders, secretsFrom } from './placeholders.ts';

/** A model file that cannot be used: where in it, and why. */
export class ModelFileError extends Error {
  readonly faults: readonly Fault[];

  constructor(source: string, faults: readonly Fault[]) {
    super(
      faults.map(({ pointer, detail }) => `${source}${pointer && ` at ${pointer}`}: ${detail}`).join('\n'),
    );
    this.name = 'ModelFileError';
    this.faults = faults;
  }
}

const check = compileSchema(ModelFile, { strict: true });

/**
 * Reads the specs in a YAML file. `${NAME}` and `${file:/path}` in an endpoint's url or headers are replaced from `env` and
 * from files, which `read` reads.
 * Throws a ModelFileError that names every fault found.
 */
export function parseModelFile(
  text: string,
  source: string,
  env: Record<string, string | undefined>,
  read?: (file: string) => string,
): ModelSpec[] {
  const document = parseDocument(text);
  const broken = document.errors.map(({ message }) => ({
    pointer: '',
    detail: message.split('\n', 1)[0] ?? message,
  }));
  if (broken.length > 0) throw new ModelFileError(source, broken);
  const content: unknown = document.toJS();
  const missing = replacePlaceholders(content, secretsFrom(env, read));
  const faults = missing.length > 0 ? missing : check(content);
  if (faults.length > 0 || !isModelFile(content)) throw new ModelFileError(source, faults);
  const deeper = content.models.flatMap((model, index) => checkModel(model, `/models/${index}`));
  if (deeper.length > 0) throw new ModelFileError(source, deeper);
  return content.models;
}

function isModelFile(content: unknown): content is { models: ModelSpec[] } {
  return check(content).length === 0;
}

/** What a schema can't say of one model: its own schemas compile, and so do its transforms. */
function checkModel(model: ModelSpec, pointer: string): Fault[] {
  return [...checkSchemas(model, pointer), ...checkTransforms(model, pointer)];
}

function checkTransforms(model: ModelSpec, pointer: string): Fault[] {
  return (['preprocess', 'postprocess'] as const).flatMap((key) => {
    const fault = model[key] === undefined ? undefined : syntaxFault(model[key]);
    return fault === undefined ? [] : [{ pointer: `${pointer}/${key}`, detail: fault }];
  });
}

function checkSchemas(model: ModelSpec, pointer: string): Fault[] {
  return (['input_schema', 'output_schema'] as const).flatMap((key) => {
    try {
      compileSchema(model[key]);
      return [];
    } catch (error) {
      return [{ pointer: `${pointer}/${key}`, detail: messageOf(error) }];
    }
  });
}

/** Faults of several specs together: the same model twice, two names with the same code, a fallback that is none. */
export function checkTogether(models: readonly ModelSpec[]): Fault[] {
  const names = new Set<string>();
  const codes = new Map<string, string>();
  const clashes = models.flatMap((model) => {
    const name = fullName(model);
    const code = modelCode(model.name);
    const twin = codes.get(code);
    codes.set(code, model.name);
    if (names.has(name)) return [{ pointer: '', detail: `${name} is defined twice` }];
    names.add(name);
    if (twin === undefined || twin === model.name) return [];
    return [
      { pointer: '', detail: `${model.name} and ${twin} have the same key in Redis: rename one of them` },
    ];
  });
  return [...clashes, ...checkFallbacks(models)];
}
