import { _, type Ajv2020, type CodeKeywordDefinition } from 'ajv/dist/2020.js';

/**
 * References that one check may follow: so many in any case; for a large value so many for each value in it and each
 * reference in the schema, up to a bound that itself grows with the value alone.
 */
const STEPS = { least: 10_000, each: 8, most: 1_000_000, mostEach: 4 } as const;

export class TooManySteps extends Error {}

/** How often a check has followed a reference: a schema that refers to itself twice does so twice as often at each depth. */
export class Steps {
  readonly #references: number;
  #value: unknown;
  #taken = 0;
  #most: number = STEPS.least;

  /** `references`: how many there are in the schema. */
  constructor(references: number) {
    this.#references = references;
  }

  /** Of one check; the value is let go when that is over. */
  count<Result>(value: unknown, check: () => Result): Result {
    this.#value = value;
    this.#taken = 0;
    this.#most = STEPS.least;
    try {
      return check();
    } finally {
      this.#value = undefined;
    }
  }

  take(): void {
    this.#taken += 1;
    if (this.#taken <= this.#most) return;
    if (this.#most === STEPS.least) this.#most = Math.max(STEPS.least, this.#mostOfLarge()) + 1;
    if (this.#taken > this.#most) throw new TooManySteps();
  }

  #mostOfLarge(): number {
    const values = countValues(this.#value, Infinity);
    const most = Math.max(STEPS.most, STEPS.mostEach * values);
    return Math.min(most, STEPS.each * (1 + this.#references) * values);
  }
}

/** Puts our own in the place of keywords of ajv whose time may grow faster than the value: strangers send it. */
export function boundKeywords(ajv: Ajv2020, schema: unknown): Steps {
  const steps = new Steps(JSON.stringify(schema).split('"$ref"').length - 1);
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
  return countIn(value, most, () => true);
}

/** How many objects there are, each of which may lack what has a default; more than `most` are not counted. */
export function countObjects(value: unknown, most: number): number {
  return countIn(value, most, (one) => typeof one === 'object' && one !== null && !Array.isArray(one));
}

function countIn(value: unknown, most: number, counts: (value: unknown) => boolean): number {
  let count = counts(value) ? 1 : 0;
  const open = typeof value === 'object' && value !== null ? [value] : [];
  for (const one of open) {
    const inner: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
    for (const item of inner) {
      if (counts(item)) count += 1;
      if (count > most) return count;
      if (typeof item === 'object' && item !== null) open.push(item);
    }
  }
  return count;
}
