import { closestMatch } from 'leven';
import type { Fault } from '../errors.ts';
import { FORMATS } from '../json-schema.ts';
import { isObject } from '../json-object.ts';
import { pointerStep } from '../json-pointer.ts';
import type { ModelSpec } from '../model.ts';

/** Where in a schema others stand: one, a list of them, or one under each name. */
const ONE = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties', 'properties'];
const OTHERS =
  '$anchor $comment $dynamicAnchor $dynamicRef $id $ref $schema $vocabulary const contentEncoding contentMediaType ' +
  'default dependentRequired deprecated description enum examples exclusiveMaximum exclusiveMinimum format maxContains ' +
  'maxItems maxLength maxProperties maximum minContains minItems minLength minProperties minimum multipleOf pattern ' +
  'readOnly required title type uniqueItems writeOnly';
/** Of OpenAPI and of forms; they check nothing, and nobody expects it of them. */
const REMARKS =
  'discriminator enumNames errorMessage example externalDocs markdownDescription nullable order propertyOrder xml';

const KEYWORDS = [...ONE, ...LISTS, ...MAPS, ...OTHERS.split(' ')];
const KNOWN = new Set([...KEYWORDS, ...REMARKS.split(' ')]);

/**
 * Words in the schemas of a model that are no keywords: JSON Schema lets them stand for remarks, so that one that is
 * misspelt checks nothing. Those that begin with `x-` are meant as remarks.
 */
export function strangeKeywords(spec: Pick<ModelSpec, 'input_schema' | 'output_schema'>): Fault[] {
  return (['input_schema', 'output_schema'] as const).flatMap((key) => strangeIn(spec[key], `/${key}`));
}

function strangeIn(schema: unknown, pointer: string): Fault[] {
  if (!isObject(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const at = `${pointer}${pointerStep(key)}`;
    if (LISTS.includes(key) || ONE.includes(key)) return inside(value, at);
    if (MAPS.includes(key)) return under(value, at);
    if (key === 'format')
      return FORMATS.includes(String(value)) ? [] : [{ pointer: at, detail: describeFormat(value) }];
    return KNOWN.has(key) || key.startsWith('x-') ? [] : [{ pointer: at, detail: describe(key) }];
  });
}

/** One schema, or a list of them. */
function inside(value: unknown, pointer: string): Fault[] {
  if (!Array.isArray(value)) return strangeIn(value, pointer);
  return value.flatMap((item, index) => strangeIn(item, `${pointer}/${index}`));
}

function under(value: unknown, pointer: string): Fault[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => strangeIn(item, `${pointer}${pointerStep(name)}`));
}

function describe(key: string): string {
  const meant = closestMatch(key, KEYWORDS, { maxDistance: 2 });
  return `is no keyword of JSON Schema and checks nothing${meant === undefined ? '' : `: did you mean '${meant}'?`}`;
}

function describeFormat(format: unknown): string {
  const meant = closestMatch(String(format), [...FORMATS], { maxDistance: 2 });
  const hint = meant === undefined ? '' : `: did you mean '${meant}'?`;
  return `is ${JSON.stringify(format)}, which is no format that is known, and checks nothing${hint}`;
}
