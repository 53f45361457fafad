import { InferqError } from '../../shared/errors.ts';

/** What a parameter says, undefined where it is not given. Throws `invalid_request` where it is given twice. */
export function valueOf(query: URLSearchParams, name: string): string | undefined {
  const [value, second] = query.getAll(name);
  if (second !== undefined) throw givenTwice(name);
  return value;
}

/** What each parameter says, by its name. Throws `invalid_request` for one that is given twice. */
export function valuesOf(query: URLSearchParams): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of query) {
    if (values.has(name)) throw givenTwice(name);
    values.set(name, value);
  }
  return values;
}

/** Whoever repeats one may want both, or the last one as some readers have it: to choose would be to guess. */
function givenTwice(name: string): InferqError {
  return invalidParameter(name, 'is given twice');
}

/** `problem` goes on with the name: `must be …`. */
export function invalidParameter(name: string, problem: string): InferqError {
  const shown = name.slice(0, 80);
  const detail = `${shown} ${problem}.`;
  return new InferqError('invalid_request', detail, { errors: [{ pointer: `?${shown}`, detail }] });
}
