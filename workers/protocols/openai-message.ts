import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { isList } from './body.ts';

/** A chat message on its way together: its fields, and its tool calls by the index that the deltas give them. */
interface Draft {
  fields: JsonObject;
  calls: Map<number, JsonObject>;
}

/** A message as it is before the first delta. */
export function createMessage(): Draft {
  return { fields: { role: 'assistant', content: null }, calls: new Map() };
}

/**
 * Adds what came: texts (`content`, `refusal`, `reasoning_content`, the `arguments` of a call) are continued, other
 * values replace those before.
 */
export function addDelta({ fields, calls }: Draft, { tool_calls: added, ...delta }: JsonObject): void {
  for (const [name, value] of Object.entries(delta)) fields[name] = joined(name, fields[name], value);
  if (!isList(added)) return;
  for (const [place, call] of added.entries()) {
    if (!isObject(call)) continue;
    const { index, ...rest } = call;
    const at = typeof index === 'number' ? index : place;
    calls.set(at, merged(calls.get(at) ?? {}, rest));
  }
}

/** The message as it would have come in one piece: calls are a list, in order, without their indexes. */
export function toMessage({ fields, calls }: Draft): JsonObject {
  if (calls.size === 0) return { ...fields };
  const inOrder = [...calls].sort(([one], [other]) => one - other);
  return { ...fields, tool_calls: inOrder.map(([, call]) => call) };
}

/** Names and ids come once, but some servers repeat them with each delta; only running text is continued. */
const ONCE = new Set(['role', 'id', 'type', 'name']);

function joined(name: string, before: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return before ?? null;
  if (isObject(value)) return merged(isObject(before) ? before : {}, value);
  if (typeof value !== 'string' || typeof before !== 'string') return value;
  if (!ONCE.has(name)) return before + value;
  return value === '' ? before : value;
}

function merged(before: JsonObject, added: JsonObject): JsonObject {
  const result = { ...before };
  for (const [name, value] of Object.entries(added)) result[name] = joined(name, before[name], value);
  return result;
}
