import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRecord } from '../json.ts';
import { readLogTail } from './log-tail.ts';
import { startLogged } from './logged-process.ts';
import type { LoggedOptions } from './logged-process.ts';
import { describeExit, send } from './process-exit.ts';
import type { Exit } from './process-exit.ts';

const READY_WITHIN_MS = 60_000;
const TAIL_LINES = 12;

export interface RoleOptions extends LoggedOptions {
  /** As a person calls it: `API`, `worker`. */
  name: string;
  /** The program; it says `{type: 'ready', url}` on its IPC channel and ends when that closes. */
  file: string;
  /** Told what the role has to say to a person while it runs. */
  onNotice?: (text: string) => void;
}

export interface RoleProcess {
  pid: number;
  url: string;
  exited: Promise<Exit>;
  /** Asks it to drain, and ends it when it has not after so many milliseconds. */
  stop(deadline: number): Promise<void>;
  kill(): void;
}

/** It did not get ready; the message is what it said itself. */
export class RoleFault extends Error {}

/** Starts a role of the broker and waits until it serves. */
export async function startRole(options: RoleOptions, signal: AbortSignal): Promise<RoleProcess> {
  signal.throwIfAborted();
  await mkdir(dirname(options.log), { recursive: true, mode: 0o700 });
  const { child, exited } = startLogged(process.execPath, [options.file], options, 'ipc');
  child.on('message', (message) => {
    if (isNotice(message)) options.onNotice?.(message.text);
  });
  const kill = () => killGroup(child);
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  const outcome = await Promise.race([readyUrl(child), exited, tooLate()]);
  signal.removeEventListener('abort', kill);
  if (typeof outcome === 'string') return { pid: child.pid ?? 0, url: outcome, exited, kill, stop };
  kill();
  throw new RoleFault(await faultOf(options, outcome));

  async function stop(deadline: number): Promise<void> {
    child.kill('SIGTERM');
    const late = setTimeout(kill, deadline);
    await exited;
    clearTimeout(late);
  }
}

function killGroup(child: ChildProcess): void {
  // Only while it lives: its id, and the group's, may be another's afterwards.
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    send(-child.pid, 'SIGKILL');
  }
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (isReady(message)) resolve(message.url);
    });
  });
}

function isNotice(message: unknown): message is { type: 'notice'; text: string } {
  return isRecord(message) && message['type'] === 'notice' && typeof message['text'] === 'string';
}

function isReady(message: unknown): message is { type: 'ready'; url: string } {
  return isRecord(message) && message['type'] === 'ready' && typeof message['url'] === 'string';
}

function tooLate(): Promise<Exit> {
  const error = new Error(`not ready within ${READY_WITHIN_MS / 1000} s`);
  return new Promise((resolve) => {
    setTimeout(resolve, READY_WITHIN_MS, { code: null, signal: null, error }).unref();
  });
}

async function faultOf({ name, log }: RoleOptions, exit: Exit): Promise<string> {
  const tail = await readLogTail(log, TAIL_LINES);
  // A few lines and exit code 1: it has said in its own words why, and its log says no more.
  if (exit.code === 1 && tail.length > 0 && tail.length < 6) return tail.join('\n');
  return [...tail, `The ${name} did not start (${describeExit(exit)}). Log: ${log}`].join('\n');
}
