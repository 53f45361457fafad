import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scope } from '../support/scope.ts';

const FIXTURE = pathToFileURL(path.join(import.meta.dirname, 'fixtures/shifted-clock.ts')).href;

export interface ShiftedClock {
  /** For the environment of the role whose clock it is. */
  env: Record<string, string>;
  /** Off by so much from now on. */
  set(offsetMs: number): Promise<void>;
}

/** A clock that is wrong, or in which hours pass at once. */
export async function createClock(scope: Scope, offsetMs = 0): Promise<ShiftedClock> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-clock-'));
  scope.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'offset');
  const set = async (offsetMs: number): Promise<void> => {
    await writeFile(`${file}.new`, String(offsetMs));
    // Never half a number for whoever reads it.
    await rename(`${file}.new`, file);
  };
  await set(offsetMs);
  return { env: { CHAOS_CLOCK: file, NODE_OPTIONS: `--import ${FIXTURE}` }, set };
}
