declare global {
  // In every Node that inferq runs on (V8 11.4), not yet in the types of TypeScript.
  // https://github.com/tc39/proposal-json-parse-with-source
  interface JSON {
    rawJSON(text: string): object;
    parse(
      text: string,
      revive: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

/** Integers that a double rounds, and numbers beyond all doubles, as they were written, by what became of them. */
export type ExactNumbers = Map<number, string>;

/**
 * Sixteen digits where a value begins; inside of a string they only cost a second look. No further than these: to step
 * back, V8 keeps a place on its stack for each digit, and it has none for millions.
 */
const LONG_NUMBER = /(?:^|[[,:\s])-?\d{16}/;
/** It may be infinite as a double, which JSON has no word for. */
const LARGE_EXPONENT = /\d[eE]\+?\d{3}/;

/**
 * Notes the integers over 2^53, and what is larger than any double, in a JSON text, so that `stringifyExactly` can write
 * them as they were: 64-bit ids and seeds are common in answers of models. Throws a RangeError that names both where two
 * of them became one double.
 */
export function noteNumbers(text: string, exact: ExactNumbers): void {
  if (!LONG_NUMBER.test(text) && !LARGE_EXPONENT.test(text)) return;
  JSON.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
    if (Number.isFinite(value) && /[.eE]/.test(source)) return value;
    const twin = exact.get(value) ?? source;
    if (twin !== source)
      throw new RangeError(`${short(twin)} and ${short(source)} are the same number to most readers`);
    exact.set(value, source);
    return value;
  });
}

function short(source: string): string {
  return source.length > 40 ? `${source.slice(0, 40)}…` : source;
}

/** JSON with the noted integers as they were, wherever they have come. */
export function stringifyExactly(value: unknown, exact: ExactNumbers): string {
  if (exact.size === 0) return JSON.stringify(value);
  return JSON.stringify(value, (_key, item: unknown) => {
    const source = typeof item === 'number' ? exact.get(item) : undefined;
    return source === undefined ? item : JSON.rawJSON(source);
  });
}
