// The same rules as file-lock.ts, which cannot be used here: this runs before anything is installed, on a
// Node that may not know TypeScript.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 1000;
const POLL_MS = 200;
// So many looks without a heartbeat in between (10 s), and the process of that id is not the owner any more.
const SILENT_POLLS = 50;

/** Does `work` while no other process does; calls `onWait` once when it has to wait for one. */
export async function withInstallLock(file, onWait, work) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${process.pid} ${Date.now()}-${Math.random()}`;
  await acquire(file, mine, onWait);
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  const release = () => {
    if (read(file) === mine) rmSync(file, { force: true });
  };
  process.on('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off('exit', release);
    release();
  }
}

async function acquire(file, mine, onWait) {
  let seen = '';
  for (let polls = 0; !create(file, mine); polls += 1) {
    const owner = read(file);
    const beat = `${owner} ${lastBeat(file)}`;
    if (beat !== seen) polls = 0;
    seen = beat;
    if (owner !== undefined && (ownerIsGone(owner) || polls > SILENT_POLLS)) takeAway(file, owner);
    else {
      onWait();
      onWait = () => undefined;
      await sleep(POLL_MS);
    }
  }
}

function create(file, mine) {
  try {
    writeFileSync(file, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function ownerIsGone(owner) {
  const pid = Number.parseInt(owner, 10);
  // Empty: its owner has made the file and writes it right now.
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function takeAway(file, owner) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    // Another was faster and this is its fresh lock: give it back.
    if (read(aside) !== owner) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function lastBeat(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
