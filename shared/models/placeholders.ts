import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Fault } from '../errors.ts';
import { isObject } from '../json-object.ts';
import { pointerStep } from '../json-pointer.ts';

/** Where the values come from that model files only name. */
export interface SecretSources {
  env: Record<string, string | undefined>;
  /** The content of a file, which must exist. Throws where it cannot be read. */
  read: (file: string) => string;
}

/** The real sources: the environment given, and the files of this machine. */
export function secretsFrom(
  env: Record<string, string | undefined>,
  read: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): SecretSources {
  return { env, read };
}

const PLACEHOLDER = /\$\{(?:file:([^}]*)|([A-Za-z_][A-Za-z0-9_]*))\}/g;

/**
 * Replaces `${NAME}` and `${file:/path}` in the urls and headers of endpoints, in place, and answers a fault for each
 * that has no value. The values themselves come into no message.
 */
export function replacePlaceholders(content: unknown, sources: SecretSources): Fault[] {
  const faults: Fault[] = [];
  for (const [index, model] of list(content, 'models').entries()) {
    for (const [at, endpoint] of list(model, 'endpoints').entries()) {
      replaceIn(endpoint, sources, `/models/${index}/endpoints/${at}`, faults);
    }
  }
  return faults;
}

function replaceIn(target: unknown, sources: SecretSources, pointer: string, faults: Fault[]): void {
  if (!isObject(target)) return;
  for (const [key, value] of Object.entries(target)) {
    const at = `${pointer}${pointerStep(key)}`;
    if (isObject(value)) replaceIn(value, sources, at, faults);
    if (typeof value !== 'string') continue;
    target[key] = value.replace(PLACEHOLDER, (_, file: string | undefined, name: string | undefined) => {
      const found = file === undefined ? fromEnvironment(name ?? '', sources) : fromFile(file, sources);
      if (typeof found === 'string') return found;
      faults.push({ pointer: at, ...found });
      return '';
    });
  }
}

function fromEnvironment(name: string, { env }: SecretSources): string | { detail: string } {
  return env[name] ?? { detail: `the variable ${name} is not set in the environment` };
}

/** The line break that editors and `echo` leave at the end is no part of a secret. */
function fromFile(file: string, { read }: SecretSources): string | { detail: string } {
  if (!path.isAbsolute(file)) return { detail: `the file "${file}" must be named by its whole path` };
  try {
    const text = read(file).replace(/\r?\n$/, '');
    return text === '' ? { detail: `the file ${file} is empty` } : text;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
    return { detail: `the file ${file} cannot be read: ${reason}` };
  }
}

function list(parent: unknown, key: string): unknown[] {
  const value = isObject(parent) ? parent[key] : undefined;
  return Array.isArray(value) ? value : [];
}
