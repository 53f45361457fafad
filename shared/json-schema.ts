import { Ajv2020, type AnySchema, type ErrorObject, type Options } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { closestMatch } from 'leven';
import { RE2JS } from 're2js';
import { boundKeywords, countObjects, countValues, TooManySteps } from './bounded-keywords.ts';
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

/** What `format` may say; anything else checks nothing. */
export const FORMATS: readonly string[] = Object.keys(meta.formats);

/** It writes nowhere: a schema's own text would stand in the log. */
function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({ ...options, code: { regExp: linearRegExp }, logger: false });
  addFormats.default(ajv);
  return ajv;
}

/**
 * Compiles a JSON Schema (draft 2020-12). Throws an Error that says why where it isn't one. `all`: every fault is told
 * and not only the first, 20 at most; for schemas and values of our own, as a stranger's may make that costly.
 */
export function compileSchema(
  schema: AnySchema,
  { strict = false, all = false }: { strict?: boolean; all?: boolean } = {},
): SchemaCheck {
  // Throws what is wrong with it.
  void meta.validateSchema(schema, true);
  // Each has its own, for two models may give different schemas the same `$id`.
  const ajv = createAjv({ allErrors: all, verbose: all, strict, useDefaults: true, validateSchema: false });
  const steps = boundKeywords(ajv, schema);
  const validate = ajv.compile(schema);
  // What ajv makes of it answers with a promise.
  if ('$async' in validate) throw new Error('$async is no keyword of JSON Schema, and not taken');
  const check: SchemaCheck = (value) =>
    steps.count(value, () => validate(value))
      ? []
      : (validate.errors ?? []).slice(0, MOST_FAULTS).map(toFault);
  if (isEndless(check)) throw new Error('the schema refers to itself without end');
  return (value) => {
    try {
      return check(value);
    } catch (error) {
      const detail = describeBound(error);
      if (detail === undefined) throw error;
      return [{ pointer: '', detail }];
    }
  };
}

/** Whether not even a value without parts comes to an end. */
function isEndless(check: SchemaCheck): boolean {
  try {
    check(null);
    return false;
  } catch (error) {
    return describeBound(error) !== undefined;
  }
}

/** Where a check ended at the bound of our own, or at that of the stack. */
function describeBound(error: unknown): string | undefined {
  if (error instanceof TooManySteps)
    return 'follows too many references of the schema to be checked against it';
  if (error instanceof RangeError) return 'is nested so deep that it cannot be checked against the schema';
  return undefined;
}

/** So much work is done at most to tell somebody all that is wrong: characters of the schema times values to check. */
const MOST_WORK = 1_000_000;

/**
 * The same for a stranger's schema or value: every fault is told, 20 at most, where that takes little; else only the
 * first. With references it may take much: a schema that refers to itself has twice as many faults at each depth.
 */
export function compileForSender(schema: AnySchema, { strict = false } = {}): SchemaCheck {
  const text = JSON.stringify(schema);
  const checkFirst = compileSchema(schema, { strict });
  if (/"\$(?:ref|dynamicRef|recursiveRef)"/.test(text)) return checkFirst;
  const most = MOST_WORK / text.length;
  let checkAll: SchemaCheck | undefined;
  return (value) => {
    const faults = checkFirst(value);
    if (faults.length === 0 || countValues(value, most) > most) return faults;
    checkAll ??= compileSchema(schema, { strict, all: true });
    return checkAll(value);
  };
}

/** Characters of defaults that may be put into one value. */
const MOST_DEFAULTS = 4 * 2 ** 20;

/**
 * The same for a schema of a model. Defaults are put in wherever they are missing, so that a small value of a hundred
 * thousand empty objects gets a hundred thousand of them: where they could be too many, none is.
 */
export function compileForModel(schema: AnySchema): SchemaCheck {
  const check = compileForSender(schema);
  const most = MOST_DEFAULTS / lengthOfDefaults(schema);
  if (!/"(?:\w*[iI]tems|\w+Properties|\$\w*[rR]ef)"/.test(JSON.stringify(schema))) return check;
  return (value) => {
    if (most === Infinity || countObjects(value, most) <= most) return check(value);
    return [
      { pointer: '', detail: 'has too many objects: the defaults of the schema could add more than 4 MiB' },
    ];
  };
}

/** Of all that stand in it, once. */
function lengthOfDefaults(schema: unknown): number {
  if (typeof schema !== 'object' || schema === null) return 0;
  return Object.entries(schema).reduce((sum, [key, inner]) => {
    return sum + (key === 'default' ? JSON.stringify(inner).length : lengthOfDefaults(inner));
  }, 0);
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
