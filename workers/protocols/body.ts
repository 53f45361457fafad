import { InferqError } from '../../shared/errors.ts';

/** A JSON object, as opposed to a list, a scalar or null. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a value is, in the words of a message: `a list`, `null`, `a number`, `missing`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
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
    throw new InferqError('invalid_output', `The model sent a "${event}" event whose data is not JSON.`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
