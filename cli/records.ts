import { foreign } from './failure.ts';
import { isRecord } from './json.ts';

type Fields = Record<string, unknown>;

/** The body of an answer that is an object by contract. */
export function toRecord(body: unknown, url: string): Fields {
  if (!isRecord(body)) throw foreign(url, 'its answer is not an object');
  return body;
}

/** The items of a list. */
export function recordsOf(body: unknown, url: string): Fields[] {
  const data: unknown[] = isRecord(body) && Array.isArray(body['data']) ? body['data'] : [undefined];
  if (!data.every(isRecord)) throw foreign(url, 'its answer is not a list');
  return data;
}

/** A field for a person; a dash for what is not there. */
export function textOf(record: Fields, name: string): string {
  const value = record[name];
  if (value === null || value === undefined) return '–';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}
