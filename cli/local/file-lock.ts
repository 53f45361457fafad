import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, isAlive } from './process-exit.ts';

const HEARTBEAT_MS = 1000;
const POLL_MS = 100;
/** An owner that has not touched its lock for so long is not the process that has its id today. */
const SILENCE_MS = 5000;

export interface FileLock {
  release(): Promise<void>;
}

/** Takes the lock, or says at once (after `SILENCE_MS` at most) that a living process has it. */
export async function tryFileLock(file: string): Promise<FileLock | undefined> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${process.pid} ${randomUUID()}`;
  while (!(await create(file, mine))) {
    const owner = await readIfThere(file);
    if (owner === undefined) continue;
    if (await ownerLives(file, owner)) return undefined;
    await takeAway(file, owner);
  }
  return hold(file, mine);
}

/** The process that has the lock, if it is held. */
export async function ownerOf(file: string): Promise<number | undefined> {
  const pid = Number.parseInt((await readIfThere(file)) ?? '', 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** Does `work` while nobody else does; `onWait` is called once when somebody does. */
export async function withFileLock<T>(file: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  let lock = await tryFileLock(file);
  if (!lock) onWait();
  while (!lock) {
    await sleep(POLL_MS);
    lock = await tryFileLock(file);
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

function hold(file: string, mine: string): FileLock {
  // It may be gone for a moment: another process looks whether it is stale.
  const beat = () => utimes(file, new Date(), new Date()).catch(() => undefined);
  const heartbeat = setInterval(() => void beat(), HEARTBEAT_MS).unref();
  return {
    async release() {
      clearInterval(heartbeat);
      if ((await readIfThere(file)) === mine) await rm(file, { force: true });
    },
  };
}

async function create(file: string, mine: string): Promise<boolean> {
  try {
    await writeFile(file, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function ownerLives(file: string, owner: string): Promise<boolean> {
  const pid = Number.parseInt(owner, 10);
  // Empty: made a moment ago and not written yet. Only silence tells that its owner has died in between.
  if (!Number.isNaN(pid) && !isAlive(pid)) return false;
  const first = await lastBeat(file);
  const end = Date.now() + SILENCE_MS;
  while (Date.now() < end) {
    const beat = await lastBeat(file);
    if (beat === undefined) return false;
    if (beat !== first || Date.now() - beat < SILENCE_MS) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function takeAway(file: string, owner: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    // Another was faster, and this is its fresh lock: give it back.
    if ((await readIfThere(aside)) !== owner) await link(aside, file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function lastBeat(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
