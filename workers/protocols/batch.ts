import canonicalize from 'canonicalize';
import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { invalidOutput, kindOf } from './body.ts';

/** A group by what inputs must have in common, whatever the order of keys. */
export function groupBy(...common: unknown[]): string | undefined {
  return canonicalize(common);
}

/** The object without some of its fields. */
export function without(object: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Consecutive pieces of a list. Throws `invalid_output`, naming the list, unless they are all of it. */
export function cut(list: unknown, sizes: readonly number[], name: string): unknown[][] {
  const wanted = sizes.reduce((sum, size) => sum + size, 0);
  if (!Array.isArray(list)) throw unequal(name, kindOf(list), wanted);
  if (list.length !== wanted) throw unequal(name, `a list of ${list.length}`, wanted);
  let from = 0;
  return sizes.map((size) => list.slice(from, (from += size)));
}

/** The answer to a batch with one list in it, as an answer to each: the list is cut, the rest is for all. */
export function cutField(body: unknown, name: string, sizes: readonly number[]): JsonObject[] {
  const answer = isObject(body) ? body : {};
  return cut(answer[name], sizes, `"${name}"`).map((part) => ({ ...answer, [name]: part }));
}

function unequal(name: string, found: string, wanted: number): Error {
  return invalidOutput(
    `The answer to the batch cannot be told apart: ${name} is ${found}, not a list of ${wanted}.`,
  );
}
