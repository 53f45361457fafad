import { _, type Ajv2020, type CodeKeywordDefinition } from 'ajv/dist/2020.js';

/** References that one check may follow: so many in any case, and of a large value so many for each value in it. */
const STEPS = { least: 10_000, each: 16, most: 1_000_000 } as const;

export class TooManySteps extends Error {}

/** How often a check has followed a reference: a schema that refers to itself twice does so twice as often at each depth. */
export class Steps {
  #value: unknown;
  #taken = 0;
  #most: number = STEPS.least;

  begin(value: unknown): void {
    this.#value = value;
    this.#taken = 0;
    this.#most = STEPS.least;
  }

  take(): void {
    this.#taken += 1;
    if (this.#taken <= this.#most) return;
    if (this.#most === STEPS.least)
      this.#most = STEPS.each * countValues(this.#value, STEPS.most / STEPS.each);
    if (this.#taken > this.#most) throw new TooManySteps();
  }
}

/** Puts our own in the place of keywords of ajv whose time may grow faster than the value: strangers send it. */
export function boundKeywords(ajv: Ajv2020): Steps {
  const steps = new Steps();
  for (const keyword of ['$ref', '$dynamicRef']) {
    const own = ajv.getKeyword(keyword);
    if (typeof own === 'boolean' || !('code' in own))
      throw new TypeError(`ajv has no ${keyword} to be counted`);
    ajv.removeKeyword(keyword);
    ajv.addKeyword(counted(own, steps));
  }
  // Its own compares each item with each.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate: (wanted: boolean, items: unknown[]) => !wanted || isUnique(items),
  });
  // Its own is an expression that looks back without end.
  ajv.addFormat('url', { type: 'string', validate: (text) => URL.canParse(text) });
  return steps;
}

function counted(keyword: CodeKeywordDefinition, steps: Steps): CodeKeywordDefinition {
  return {
    ...keyword,
    code(context, rule) {
      context.gen.code(_`${context.gen.scopeValue('obj', { ref: steps })}.take()`);
      keyword.code(context, rule);
    },
  };
}

function isUnique(items: readonly unknown[]): boolean {
  const simple = new Set<unknown>();
  const texts = new Set<string>();
  for (const item of items) {
    if (typeof item === 'object' && item !== null) texts.add(JSON.stringify(item, withSortedKeys));
    else simple.add(item);
  }
  return simple.size + texts.size === items.length;
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How many values there are: itself, and all that are in it; more than `most` are not counted. */
export function countValues(value: unknown, most: number): number {
  const found = [value];
  for (const one of found) {
    if (found.length > most) return most + 1;
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) found.push(inner);
  }
  return found.length;
}

/** About how many characters its JSON has; beyond `most` it may be more. */
export function lengthOf(value: unknown, most: number): number {
  let length = 0;
  const found = [value];
  for (const one of found) {
    length += typeof one === 'string' ? one.length + 2 : 4;
    if (length > most) return length;
    if (typeof one !== 'object' || one === null) continue;
    for (const [key, inner] of Object.entries(one)) {
      length += key.length;
      found.push(inner);
    }
  }
  return length;
}
