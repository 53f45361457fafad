import { InferqError } from '../../shared/errors.ts';
import { isObject, type JsonObject } from '../../shared/json-object.ts';
import type { EndpointRequest } from './protocol.ts';

/** A list, of whatever. */
export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

/** What a value is, in the words of a message: `a list`, `null`, `a number`, `missing`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A POST of JSON that takes JSON for an answer, and an event stream where `streams`. */
export function postOf(body: unknown, { streams = false } = {}): EndpointRequest {
  const accept = streams ? 'text/event-stream, application/json' : 'application/json';
  return { method: 'POST', headers: { 'content-type': 'application/json', accept }, body };
}

/**
 * An input that is not what the protocol takes: `what` is the request it is not, `pointer` and `sentence` the place
 * and the fault (`must be a string, but is a list`).
 */
export function invalidInput(what: string, pointer: string, sentence: string): InferqError {
  const detail = `The input is not ${what}: "${pointer}" ${sentence}.`;
  return new InferqError('invalid_input', detail, { errors: [{ pointer, detail: `${sentence}.` }] });
}

export function invalidOutput(detail: string): InferqError {
  return new InferqError('invalid_output', detail);
}

/**
 * The message in the body of a refusal, in the shapes that model servers use: `{"error": "…"}`,
 * `{"error": {"message": "…"}}`, `{"detail": "…"}` (FastAPI, RFC 9457), `{"message": "…"}`.
 */
export function messageIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const nested = isObject(body['error']) ? body['error']['message'] : undefined;
  return [body['error'], nested, body['detail'], body['message']].find(isText);
}

/** The JSON of an event's data. Throws `invalid_output` that names the event. */
export function parseData(event: string, data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // V8 quotes the data in its message, which is not to go further.
    throw invalidOutput(`The model sent a "${event}" event whose data is not JSON.`);
  }
}

/** The JSON of an event whose data has to be an object. */
export function parseObject(event: string, data: string): JsonObject {
  const parsed = parseData(event, data);
  if (!isObject(parsed)) throw invalidOutput(`The model sent a "${event}" event that is not an object.`);
  return parsed;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
