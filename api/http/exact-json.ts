import { InferqError, messageOf } from '../../shared/errors.ts';
import { pointerStep } from '../../shared/json-pointer.ts';
import { survives } from './exact-number.ts';
import type { InTurn } from './turns.ts';

const MAX_DEPTH = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON that means the same to everyone: what JSON.parse lets through although readers disagree about it
 * (I-JSON, RFC 7493) is refused: invalid UTF-8, duplicate keys, keys that reach for a prototype, numbers that do
 * not come through as doubles, half a surrogate pair, nesting over 64. Throws `invalid_json` with a pointer to the fault.
 */
export async function parseExactJson(bytes: Buffer, inTurn: InTurn): Promise<unknown> {
  const text = decode(bytes);
  const value = await inTurn(() => {
    checkDepth(text);
    return parse(text);
  });
  await inTurn(() => inspect(text));
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault('', `The body is not JSON: ${messageOf(error)}.`, error);
  }
}

function decode(bytes: Buffer): string {
  if (bytes.length === 0) throw fault('', 'The body is empty: send a JSON object.');
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw fault('', 'The body is not valid UTF-8.', error);
  }
}

function fault(pointer: string, detail: string, cause?: unknown): InferqError {
  return new InferqError('invalid_json', detail, { errors: [{ pointer, detail }], cause });
}

/** One open object or array: the keys seen, and where we are in it. */
interface Level {
  keys: Set<string> | undefined;
  step: string | number;
}

const Char = {
  quote: 34,
  plus: 43,
  comma: 44,
  minus: 45,
  point: 46,
  zero: 48,
  nine: 57,
  E: 69,
  open: 91,
  close: 93,
  e: 101,
  openObject: 123,
  closeObject: 125,
} as const;

/**
 * Before JSON.parse, which would build a million nested arrays first. The text need not be JSON: it is not known yet.
 */
function checkDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === Char.quote) at = endOfString(text, at) - 1;
    else if (char === Char.open || char === Char.openObject) depth += 1;
    else if (char === Char.close || char === Char.closeObject) depth -= 1;
    if (depth > MAX_DEPTH) throw depthFault(text.slice(0, at + 1));
  }
}

function depthFault(prefix: string): unknown {
  try {
    inspect(prefix);
  } catch (error) {
    if (error instanceof InferqError) return error;
  }
  return fault('', 'The body is not JSON.');
}

/** Walks a text that JSON.parse has accepted, so its grammar need not be checked again. */
function inspect(text: string): void {
  const levels: Level[] = [];
  let expectKey = false;
  let at = 0;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === Char.quote) {
      const end = endOfString(text, at);
      const quoted = text.slice(at, end);
      if (SURROGATE.test(quoted)) checkSurrogates(quoted, levels);
      if (expectKey) noteKey(levels, quoted);
      expectKey = false;
      at = end;
    } else if (char === Char.minus || (char >= Char.zero && char <= Char.nine)) {
      at = checkNumber(text, at, levels);
    } else {
      if (char === Char.openObject || char === Char.open)
        expectKey = descend(levels, char === Char.openObject);
      else if (char === Char.comma) expectKey = nextItem(levels.at(-1));
      else if (char === Char.close || char === Char.closeObject) {
        levels.pop();
        expectKey = false;
      }
      at += 1;
    }
  }
}

function descend(levels: Level[], isObject: boolean): boolean {
  levels.push({ keys: isObject ? new Set() : undefined, step: 0 });
  if (levels.length > MAX_DEPTH)
    throw fault(pointerOf(levels.slice(0, 8)), `The body nests deeper than ${MAX_DEPTH} levels.`);
  return isObject;
}

/** Decoded bytes hold no half of a surrogate pair, but escapes may: it is no character, and not every reader takes it. */
const SURROGATE = /\\u[dD][89a-fA-F]/;

function checkSurrogates(quoted: string, levels: readonly Level[]): void {
  const string: unknown = JSON.parse(quoted);
  if (typeof string !== 'string' || string.isWellFormed()) return;
  throw fault(pointerOf(levels), 'A string has half of a surrogate pair (\\ud800 to \\udfff).');
}

/** Answers where the number ends. */
function checkNumber(text: string, start: number, levels: readonly Level[]): number {
  let end = start + 1;
  while (inNumber(text.charCodeAt(end))) end += 1;
  const token = text.slice(start, end);
  if (!survives(token))
    throw fault(
      pointerOf(levels),
      `The number ${token.slice(0, 40)} does not survive: it would become ${Number(token)}. Send it as a string.`,
    );
  return end;
}

function inNumber(char: number): boolean {
  if (char >= Char.zero && char <= Char.nine) return true;
  return (
    char === Char.point || char === Char.minus || char === Char.plus || char === Char.e || char === Char.E
  );
}

function nextItem(level: Level | undefined): boolean {
  if (level?.keys) return true;
  if (level && typeof level.step === 'number') level.step += 1;
  return false;
}

function noteKey(levels: readonly Level[], quoted: string): void {
  const level = levels.at(-1);
  const key: unknown = quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
  if (!level?.keys || typeof key !== 'string') return;
  level.step = key;
  if (key === '__proto__') throw fault(pointerOf(levels), "The key '__proto__' is not allowed.");
  if (key === 'prototype' && levels.at(-2)?.step === 'constructor')
    throw fault(pointerOf(levels), "The key 'prototype' inside 'constructor' is not allowed.");
  if (level.keys.has(key)) throw fault(pointerOf(levels), 'The key stands there twice.');
  level.keys.add(key);
}

function endOfString(text: string, start: number): number {
  let end = start + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    end += 1;
    if (slashes % 2 === 0) return end;
  }
}

function pointerOf(levels: readonly Level[]): string {
  return levels.map(({ step }) => pointerStep(step)).join('');
}
