import { Ajv2020, type AnySchema, type ErrorObject, type Options } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { closestMatch } from 'leven';
import { RE2JS } from 're2js';
import type { Fault } from './errors.ts';
import { pointerStep } from './json-pointer.ts';

/** Checks a value and answers every fault, none where it fits. Defaults of the schema are put into the value. */
export type SchemaCheck = (value: unknown) => Fault[];

// Patterns come from model owners and meet inputs of strangers: RE2 matches in linear time, whatever both hold.
const linearRegExp = Object.assign(compilePattern, { code: 'linearRegExp' });

function compilePattern(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(pattern);
  // ajv takes two patterns for the same whose text is the same.
  return { test: (text) => compiled.test(text), toString: () => pattern };
}

const MOST_FAULTS = 20;

/** Knows what a schema is. One for all of them: to compile the schema of schemas takes longer than any of ours. */
const meta = createAjv({ strict: false });

function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({ ...options, code: { regExp: linearRegExp } });
  addFormats.default(ajv);
  return ajv;
}

/**
 * Compiles a JSON Schema (draft 2020-12). Throws an Error that says why where it isn't one. `all`: every fault is told
 * and not only the first, 20 at most; for schemas of our own, as a stranger's may make that costly.
 */
export function compileSchema(
  schema: AnySchema,
  { strict = false, all = false }: { strict?: boolean; all?: boolean } = {},
): SchemaCheck {
  // Throws what is wrong with it.
  void meta.validateSchema(schema, true);
  // Each has its own, for two models may give different schemas the same `$id`.
  const ajv = createAjv({ allErrors: all, verbose: all, strict, useDefaults: true, validateSchema: false });
  const validate = ajv.compile(schema);
  // What ajv makes of it answers with a promise.
  if ('$async' in validate) throw new Error('$async is no keyword of JSON Schema, and not taken');
  return (value) => (validate(value) ? [] : (validate.errors ?? []).slice(0, MOST_FAULTS).map(toFault));
}

function toFault({
  instancePath,
  keyword,
  params,
  message = 'is not valid',
  parentSchema,
  propertyName,
}: ErrorObject): Fault {
  if (propertyName !== undefined)
    return { pointer: instancePath, detail: `has the name '${propertyName.slice(0, 80)}': it ${message}` };
  switch (keyword) {
    case 'required':
      return { pointer: instancePath, detail: `lacks the property '${params['missingProperty']}'` };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      return {
        pointer: `${instancePath}${pointerStep(name)}`,
        detail: `is not a known property${suggest(name, parentSchema)}`,
      };
    }
    case 'enum':
      return { pointer: instancePath, detail: `must be one of ${JSON.stringify(params['allowedValues'])}` };
    default:
      return { pointer: instancePath, detail: message };
  }
}

/** What a misspelt property may be meant for, where the schema is at hand. */
function suggest(name: string, schema: ErrorObject['parentSchema']): string {
  const known = closestMatch(name, Object.keys(Object(schema?.['properties'])), { maxDistance: 2 });
  return known === undefined ? '' : `: did you mean '${known}'?`;
}
