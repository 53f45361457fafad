import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit } from './process-exit.ts';
import { restartDelay } from './restart-delay.ts';
import { RoleFault, startRole } from './role-process.ts';
import type { RoleOptions, RoleProcess } from './role-process.ts';

export interface KeptRole {
  url: string;
  /** Settles, with a line for a person, when it has died too often. */
  lost: Promise<string>;
  stop(deadline: number): Promise<void>;
  kill(): void;
}

export interface KeepOptions extends RoleOptions {
  say: (line: string) => void;
  /** What it needs to come back under the address that the others know. */
  restartEnv: (url: string) => NodeJS.ProcessEnv;
}

/** Starts a role, and starts it again when it dies later, until it is stopped or dies too often. */
export async function keepRole(options: KeepOptions, signal: AbortSignal): Promise<KeptRole> {
  const ending = new AbortController();
  let current = await startRole(options, signal);
  const { url } = current;
  const again = { ...options, env: options.restartEnv(url), append: true };
  const lost = keepAlive(again, current, ending.signal, (role) => (current = role));
  const kill = () => {
    ending.abort();
    current.kill();
  };
  const stop = async (deadline: number) => {
    ending.abort();
    await current.stop(deadline);
    await lost;
  };
  return { url, lost, stop, kill };
}

async function keepAlive(
  options: KeepOptions,
  first: RoleProcess,
  ending: AbortSignal,
  onStart: (role: RoleProcess) => void,
): Promise<string> {
  const { name, log, say } = options;
  const deaths: number[] = [];
  let role: RoleProcess | undefined = first;
  for (;;) {
    const reason: string = role ? describeExit(await role.exited) : 'it did not start';
    // Asked to stop: nobody waits for this any more.
    if (ending.aborted) return `The ${name} was stopped`;
    deaths.push(Date.now());
    const delay = restartDelay(deaths, Date.now());
    if (delay === undefined) return `The ${name} died ${deaths.length} times (${reason}). Log: ${log}`;
    say(`The ${name} died (${reason}); starting it again in ${delay / 1000} s. Log: ${log}`);
    await pause(delay, ending);
    if (ending.aborted) continue;
    role = await startAgain(options, ending);
    if (role) onStart(role);
    if (ending.aborted) role?.kill();
  }
}

/** Less when it is asked to stop meanwhile. */
async function pause(delay: number, ending: AbortSignal): Promise<void> {
  await Promise.race([sleep(delay, undefined, { ref: false }), once(ending, 'abort')]);
}

async function startAgain(options: KeepOptions, ending: AbortSignal): Promise<RoleProcess | undefined> {
  try {
    return await startRole(options, ending);
  } catch (error) {
    // It counts as one more death; its own words are in the log.
    if (error instanceof RoleFault || ending.aborted) return undefined;
    throw error;
  }
}
