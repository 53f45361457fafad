import { InferqError } from '../../shared/errors.ts';

const MAX_DEPTH = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON that means the same to everyone: what JSON.parse lets through although readers disagree about it
 * (I-JSON, RFC 7493) is refused: invalid UTF-8, duplicate keys, keys that reach for a prototype, numbers that a
 * double does not hold, nesting over 64. Throws `invalid_json` with a pointer to the fault.
 */
export function parseExactJson(bytes: Buffer): unknown {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fault(
      '',
      `The body is not JSON: ${error instanceof Error ? error.message : 'it cannot be parsed'}.`,
      error,
    );
  }
  inspect(text);
  return value;
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

/** Walks a text that JSON.parse has accepted, so its grammar need not be checked again. */
function inspect(text: string): void {
  const levels: Level[] = [];
  let expectKey = false;
  let at = 0;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === Char.quote) {
      const end = endOfString(text, at);
      if (expectKey) noteKey(levels, text.slice(at, end));
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

/** Answers where the number ends. */
function checkNumber(text: string, start: number, levels: readonly Level[]): number {
  let end = start + 1;
  while (inNumber(text.charCodeAt(end))) end += 1;
  const token = text.slice(start, end);
  if (!survives(token))
    throw fault(pointerOf(levels), `The number ${token.slice(0, 40)} does not survive as a double.`);
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
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    end += 1;
    if (slashes % 2 === 0) return end;
  }
}

/**
 * Whether a double keeps the number. An integer must come back as it was written; others may have 17 digits, which is
 * as many as any serializer of doubles writes. Nothing becomes infinite, nothing but zero becomes zero.
 */
function survives(token: string): boolean {
  if (token.length <= 15 && !/[eE]/.test(token)) return true;
  const value = Number(token);
  if (!Number.isFinite(value)) return false;
  const given = significant(token);
  if (given === '') return true;
  if (value === 0) return false;
  if (!Number.isInteger(value) && given.length <= 17) return true;
  return given === significant(String(value)) || given === significant(exactDigits(value));
}

/** The digits without sign, exponent, and zeros at either end; by index, since a RegExp would be quadratic on zeros. */
function significant(token: string): string {
  const digits = token
    .replace(/[eE].*$/, '')
    .replaceAll('-', '')
    .replaceAll('.', '');
  let from = 0;
  let to = digits.length;
  while (from < to && digits[from] === '0') from += 1;
  while (to > from && digits[to - 1] === '0') to -= 1;
  return digits.slice(from, to);
}

function exactDigits(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
}

function pointerOf(levels: readonly Level[]): string {
  return levels.map(({ step }) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
