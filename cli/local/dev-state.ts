import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../json.ts';
import { hasCode } from './process-exit.ts';

/** What `inferq up` leaves in `.inferq/dev.json` for the other commands. */
export interface DevState {
  url: string;
  token: string;
  /** Of the supervisor. */
  pid: number;
}

export async function readDevState(folder: string): Promise<DevState | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'dev.json'), 'utf8'));
    return isDevState(value) ? value : undefined;
  } catch (error) {
    // Not JSON: written by something else, or cut off; a new one replaces it.
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Replaces it in one step: a command that reads it meanwhile sees the old one or the new one. */
export async function writeDevState(folder: string, state: DevState): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `dev.json.${process.pid}`);
  await writeFile(part, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(part, join(folder, 'dev.json'));
}

/** The token asked for, else the one of the last start, else a new one of 256 random bits. */
export function developmentToken(asked: string | undefined, last: DevState | undefined): string {
  return asked ?? last?.token ?? `ifq_${randomBytes(32).toString('base64url')}`;
}

function isDevState(value: unknown): value is DevState {
  if (!isRecord(value)) return false;
  return (
    typeof value['url'] === 'string' && typeof value['token'] === 'string' && typeof value['pid'] === 'number'
  );
}
