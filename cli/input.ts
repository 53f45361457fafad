import { isUtf8 } from 'node:buffer';
import { usage, type Failure } from './failure.ts';
import { isJson, isRecord } from './json.ts';

/** Reads a file, or the standard input when the path is `-`. */
export type ReadBytes = (path: string) => Promise<Buffer>;

const FORMS = [
  '-i key=value    a field: a JSON number, true, false, object or array as such, anything else as text',
  '-i key=@path    the content of a file: as text when it is valid UTF-8, in base64 otherwise',
  "-i key:=json    a field that is JSON whatever it looks like: -i 'answer:=null', -i 'zip:=\"01234\"'",
  `-i '"text"'      the whole input as JSON, -i '[1, 2]' too`,
  '-i @file.json   the whole input from a file; -i - from the standard input',
];

/**
 * The input of a job from its `-i` arguments, as JSON text. Text, because parsing and printing it again would
 * change what the broker is to judge: long numbers, members given twice.
 */
export async function readInput(args: readonly string[], read: ReadBytes): Promise<string> {
  const [only, ...more] = args;
  if (only === undefined) throw usage('There is no input', ...FORMS);
  if (more.length === 0 && isWhole(only)) return readWhole(only, read);
  const whole = args.find(isWhole);
  if (whole !== undefined) throw usage(`-i ${short(whole)} is the whole input and goes with no other -i`);
  return readFields(args, read);
}

function isWhole(arg: string): boolean {
  return arg === '-' || arg.startsWith('@') || isJson(arg);
}

async function readWhole(arg: string, read: ReadBytes): Promise<string> {
  if (arg !== '-' && !arg.startsWith('@')) return arg;
  const path = arg === '-' ? '-' : arg.slice(1);
  const bytes = await read(path);
  const json = jsonOf(bytes);
  if (json !== undefined) return json;
  const cure = path === '-' ? [] : [`For a file as one field: -i name=@${path}`];
  throw usage(`${path === '-' ? 'The standard input' : path} is not JSON`, ...cure);
}

async function readFields(args: readonly string[], read: ReadBytes): Promise<string> {
  const fields = new Map<string, string>();
  for (const arg of args) {
    const [key, value] = await readField(arg, read);
    if (fields.has(key)) throw usage(`-i gives "${key}" twice`, `An array: -i '${key}=["a", "b"]'`);
    fields.set(key, value);
  }
  const members = [...fields].map(([key, json]) => `${JSON.stringify(key)}:${json}`);
  return `{${members.join(',')}}`;
}

async function readField(arg: string, read: ReadBytes): Promise<[key: string, json: string]> {
  const equals = arg.indexOf('=');
  const forced = arg[equals - 1] === ':';
  const key = arg.slice(0, forced ? equals - 1 : equals);
  if (equals < 0 || key === '') throw notAPair(arg);
  const value = arg.slice(equals + 1);
  if (!value.startsWith('@')) return [key, forced ? forcedJson(key, value) : guessedJson(value)];
  const bytes = await read(value.slice(1));
  return [key, forced ? forcedJson(key, jsonOf(bytes) ?? '') : JSON.stringify(textOf(bytes))];
}

function forcedJson(key: string, value: string): string {
  if (isJson(value)) return value;
  throw usage(`${key}:= is not followed by JSON`, `For text: -i ${key}=…`);
}

function guessedJson(value: string): string {
  const parsed: unknown = isJson(value) ? JSON.parse(value) : value;
  const structured = isRecord(parsed) || Array.isArray(parsed);
  const literal = typeof parsed === 'number' || typeof parsed === 'boolean';
  return structured || literal ? value : JSON.stringify(value);
}

function textOf(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'base64');
}

function jsonOf(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  return isJson(text) ? text : undefined;
}

function notAPair(arg: string): Failure {
  return usage(`-i ${short(arg)} is neither key=value nor @file.json nor -`, ...FORMS);
}

function short(arg: string): string {
  return arg.length > 40 ? `${arg.slice(0, 39)}…` : arg;
}
