import { LRUCache } from 'lru-cache';
import { parseDocument } from 'yaml';
import { messageOf, type Fault } from '../errors.ts';
import { compileSchema } from '../json-schema.ts';
import { fullName, ModelFile, ModelSpec } from '../model.ts';
import { checkHeaders } from './endpoint-headers.ts';
import { syntaxFault } from './expression.ts';
import { checkFallbacks } from './fallbacks.ts';
import { modelCode } from '../redis/keys.ts';
import { replacePlaceholders, secretsFrom } from './placeholders.ts';

/** A model file that cannot be used: where in it, and why. */
export class ModelFileError extends Error {
  readonly faults: readonly Fault[];
  /** The path of the file or folder. */
  readonly source: string;

  constructor(source: string, faults: readonly Fault[]) {
    super(describeFaults(source, faults));
    this.name = 'ModelFileError';
    this.faults = faults;
    this.source = source;
  }
}

/** A line for each: `models.yaml at /models/0/timeout: must be > 0`. */
export function describeFaults(source: string, faults: readonly Fault[]): string {
  return faults.map(({ pointer, detail }) => `${source}${pointer && ` at ${pointer}`}: ${detail}`).join('\n');
}

const checkFile = compileSchema(ModelFile, { strict: true });
const checkFields = compileSchema(ModelSpec, { strict: true, all: true });

/**
 * Reads the specs in a YAML file: a list under `models`, or one of them alone. `${NAME}` and `${file:/path}` in an endpoint's url or headers are replaced from `env` and
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
    // What follows the first line is the text itself.
    detail: (message.split('\n', 1)[0] ?? message).replace(/:$/, ''),
  }));
  if (broken.length > 0) throw new ModelFileError(source, broken);
  const written: unknown = document.toJS();
  const isAlone =
    typeof written === 'object' && written !== null && 'name' in written && !('models' in written);
  const content: unknown = isAlone ? { models: [written] } : written;
  if (content === null)
    throw new ModelFileError(source, [{ pointer: '', detail: 'is empty: list models under `models`' }]);
  const missing = replacePlaceholders(content, secretsFrom(env, read));
  const faults = [...missing, ...checkContent(content).filter(({ pointer }) => !isTold(missing, pointer))];
  const places = isAlone ? faults.map(outOfList) : faults;
  if (faults.length > 0 || !isModelFile(content)) throw new ModelFileError(source, places);
  return content.models.filter(isModelSpec);
}

/** Of the only model of a file that is no list. */
function outOfList({ pointer, detail }: Fault): Fault {
  return { pointer: pointer.replace(/^\/models\/0/, ''), detail };
}

function isModelFile(content: unknown): content is { models: unknown[] } {
  return checkFile(content).length === 0;
}

function checkContent(content: unknown): Fault[] {
  if (!isModelFile(content)) return checkFile(content);
  return content.models.flatMap((model, index) => checkSpec(model, `/models/${index}`));
}

function isTold(faults: readonly Fault[], pointer: string): boolean {
  return faults.some((fault) => fault.pointer === pointer);
}

/** Whether it is a spec; the defaults of what it leaves out are put into it. */
export function isModelSpec(value: unknown): value is ModelSpec {
  return checkFields(value).length === 0;
}

/** What keeps a value from being a spec, wherever it comes from. Its defaults are put into it. */
export function checkSpec(value: unknown, pointer = ''): Fault[] {
  if (isModelSpec(value)) return checkModel(value, pointer);
  return checkFields(value).map((fault) => ({ ...fault, pointer: pointer + fault.pointer }));
}

/** With each change all models are checked, and to compile a schema takes a millisecond: those that are known are not. */
const known = new LRUCache<string, Fault[]>({
  maxSize: 16 * 2 ** 20,
  sizeCalculation: (faults, text) => text.length + JSON.stringify(faults).length,
});

/** What a schema can't say of one model: its own schemas and its transforms compile, and its headers can be sent. */
function checkModel(model: ModelSpec, pointer: string): Fault[] {
  const { input_schema, output_schema, preprocess, postprocess } = model;
  const text = JSON.stringify([input_schema, output_schema, preprocess, postprocess]);
  const faults = known.get(text) ?? [...checkSchemas(model), ...checkTransforms(model)];
  known.set(text, faults);
  return [...checkHeaders(model), ...faults].map((fault) => ({ ...fault, pointer: pointer + fault.pointer }));
}

function checkTransforms(model: ModelSpec): Fault[] {
  return (['preprocess', 'postprocess'] as const).flatMap((key) => {
    const fault = model[key] === undefined ? undefined : syntaxFault(model[key]);
    return fault === undefined ? [] : [{ pointer: `/${key}`, detail: fault }];
  });
}

function checkSchemas(model: ModelSpec): Fault[] {
  return (['input_schema', 'output_schema'] as const).flatMap((key) => {
    try {
      compileSchema(model[key]);
      return [];
    } catch (error) {
      return [{ pointer: `/${key}`, detail: messageOf(error) }];
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
