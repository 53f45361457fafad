import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { isList, isText } from './body.ts';

/** A chat message on its way together: its fields, and its tool calls in the order in which they began. */
interface Draft {
  fields: JsonObject;
  calls: GrowingCall[];
}

interface GrowingCall {
  index: number;
  call: JsonObject;
}

/** A message as it is before the first delta. */
export function createMessage(): Draft {
  return { fields: { role: 'assistant', content: null }, calls: [] };
}

/**
 * Adds what came: texts (`content`, `refusal`, `reasoning_content`, the `arguments` of a call) are continued, other
 * values replace those before.
 */
export function addDelta({ fields, calls }: Draft, { tool_calls: added, ...delta }: JsonObject): void {
  for (const [name, value] of Object.entries(delta)) fields[name] = joined(name, fields[name], value);
  // TGI sends one call where others have a list.
  for (const call of isList(added) ? added : [added]) if (isObject(call)) addCall(calls, call);
}

/** The message as it would have come in one piece: calls are a list, in order, without their indexes. */
export function toMessage({ fields, calls }: Draft): JsonObject {
  if (calls.length === 0) return { ...fields };
  const inOrder = calls.toSorted((one, other) => one.index - other.index);
  return { ...fields, tool_calls: inOrder.map(({ call }) => call) };
}

function addCall(calls: GrowingCall[], { index, ...added }: JsonObject): void {
  const numbered = typeof index === 'number';
  const growing = numbered ? callAt(calls, index, added) : callOf(calls, added);
  if (growing) growing.call = merged(growing.call, added);
  else calls.push({ index: numbered ? index : calls.length, call: merged({}, added) });
}

/**
 * The call that a delta with an index continues. Ollama gives all calls the same one; another call has another id then,
 * and a name. An id alone says nothing: some servers make up a new one for each piece.
 */
function callAt(calls: GrowingCall[], index: number, added: JsonObject): GrowingCall | undefined {
  const last = calls.findLast((each) => each.index === index);
  const [before, id] = [last?.call['id'], added['id']];
  return isText(before) && isText(id) && before !== id && isNamed(added) ? undefined : last;
}

/** The call that a delta without an index continues, as Gemini and older Ollamas send them: a name begins another. */
function callOf(calls: GrowingCall[], added: JsonObject): GrowingCall | undefined {
  const { id } = added;
  const same = isText(id) ? calls.find(({ call }) => call['id'] === id) : undefined;
  return same ?? (isNamed(added) ? undefined : calls.at(-1));
}

function isNamed({ function: called }: JsonObject): boolean {
  return isObject(called) && isText(called['name']);
}

/** Names and ids come once, but some servers repeat them with each delta; only running text is continued. */
const ONCE = new Set(['role', 'id', 'type', 'name']);

function joined(name: string, before: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return before ?? null;
  if (isObject(value)) return merged(isObject(before) ? before : {}, value);
  if (typeof value !== 'string' || typeof before !== 'string') return value;
  if (!ONCE.has(name)) return before + value;
  // The first id is the one that clients have seen with the name.
  if (name === 'id' && before !== '') return before;
  return value === '' ? before : value;
}

function merged(before: JsonObject, added: JsonObject): JsonObject {
  const result = { ...before };
  for (const [name, value] of Object.entries(added)) result[name] = joined(name, before[name], value);
  return result;
}
