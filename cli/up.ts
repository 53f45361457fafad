import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { announcement } from './local/announcement.ts';
import { startBroker } from './local/broker.ts';
import type { BrokerOptions, LocalBroker } from './local/broker.ts';
import { cloneFolder } from './local/clone.ts';
import { developmentToken, readDevState, writeDevState } from './local/dev-state.ts';
import { environmentFaults } from './local/environment-faults.ts';
import { ownerOf, tryFileLock } from './local/file-lock.ts';
import { listenForStop } from './local/stop-signals.ts';
import type { StopSignals } from './local/stop-signals.ts';
import { saveDevelopmentToken } from './local/token-saver.ts';

const DRAIN_MS = 30_000;
/** Without one of its parts, little of what runs can still be finished. */
const DRAIN_AFTER_LOSS_MS = 5000;
/** What a Bearer header can carry (RFC 6750), and a shell word in quotes as well. */
const BEARER = /^[\w.~+/-]+=*$/;

export interface UpOptions {
  /** The clone: its `.inferq` holds all state. */
  root?: string;
  env?: NodeJS.ProcessEnv;
  /** The programs of the roles. */
  files?: Partial<BrokerOptions['files']>;
  /** Makes the API accept the token. */
  saveToken?: BrokerOptions['saveToken'];
}

/**
 * The whole broker on this machine, until Ctrl-C: a private Redis, the demo models, the API, a worker. Returns
 * the exit code: 0 drained and stopped, 1 did not start or lost a part, 130 a second Ctrl-C.
 */
export async function up(options: UpOptions = {}): Promise<number> {
  surviveClosedTerminal();
  const { root = cloneFolder(), env = process.env } = options;
  const state = join(root, '.inferq');
  if (env['INFERQ_DEV_TOKEN'] !== undefined && !BEARER.test(env['INFERQ_DEV_TOKEN'])) {
    const fault = 'INFERQ_DEV_TOKEN is not a bearer token: letters, digits and . _ ~ + / - only';
    return fail((await environmentFaults(fault, env, { root, state })).join('\n'));
  }
  await mkdir(state, { recursive: true });
  // Also when something else has made it: it holds the token, and what clients have sent.
  await chmod(state, 0o700);
  const lockFile = join(state, 'up.lock');
  const lock = await tryFileLock(lockFile);
  if (!lock) return fail(await alreadyRunning(state, lockFile));
  const signals = listenForStop();
  try {
    const token = developmentToken(env['INFERQ_DEV_TOKEN'], await readDevState(state));
    const files = { ...roleFiles(), ...options.files };
    const { saveToken = saveDevelopmentToken } = options;
    return await run({ root, state, env, files, token, saveToken, say }, signals);
  } finally {
    signals.dispose();
    await lock.release();
  }
}

async function run(options: BrokerOptions, signals: StopSignals): Promise<number> {
  let broker: LocalBroker;
  try {
    broker = await startBroker(options, signals.stop);
  } catch (error) {
    // Stopped while it started: what the parts say of it is no fault.
    return signals.stop.aborted ? 0 : fail(error instanceof Error ? error.message : String(error));
  }
  await writeDevState(options.state, { url: broker.url, token: options.token, pid: process.pid });
  if (!signals.stop.aborted)
    process.stdout.write(announcement(broker.url, options.token, options.env['INFERQ_MODELS']));
  const loss = await Promise.race([broker.lost, aborted(signals.stop)]);
  say(loss ?? `Stopping; what runs may take up to ${DRAIN_MS / 1000} s, a second Ctrl-C ends it at once.`);
  void aborted(signals.kill).then(() => broker.kill());
  await broker.stop(loss === undefined ? DRAIN_MS : DRAIN_AFTER_LOSS_MS);
  return signals.kill.aborted ? 130 : loss === undefined ? 0 : 1;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}

function roleFiles(): BrokerOptions['files'] {
  return { models: roleFile('examples/models'), api: roleFile('api'), worker: roleFile('workers') };
}

function roleFile(folder: string): string {
  // This file is `cli/up.ts`, and `dist/cli/up.js` once built.
  return join(import.meta.dirname, '..', folder, `index${extname(import.meta.filename)}`);
}

async function alreadyRunning(state: string, lock: string): Promise<string> {
  const pid = await ownerOf(lock);
  const last = await readDevState(state);
  // The address of a start before stays in the file until this one is ready.
  const where =
    last && last.pid === pid
      ? `runs in this clone already: ${last.url}`
      : 'is starting in this clone already';
  return `inferq ${where} (stop it with Ctrl-C there, or: kill ${pid})`;
}

function surviveClosedTerminal(): void {
  // A closed terminal sends SIGHUP, and then refuses every line. The other commands end with their reader;
  // this one has jobs to drain.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => undefined);
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(line: string): number {
  say(line);
  return 1;
}
