import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { exitOf } from './process-exit.ts';
import type { Exit } from './process-exit.ts';

export interface LoggedOptions {
  env: NodeJS.ProcessEnv;
  /** Gets all that it prints, from the process itself: nothing is lost when we are gone. */
  log: string;
  /** Keep what the log has. */
  append?: boolean;
}

export interface LoggedProcess {
  child: ChildProcess;
  exited: Promise<Exit>;
}

/**
 * Starts a program in a process group of its own, with an IPC channel when it is ours. A terminal sends Ctrl-C
 * to its whole group; who ends when is for the supervisor to say.
 */
export function startLogged(
  command: string,
  args: readonly string[],
  { env, log, append = false }: LoggedOptions,
  channel: 'ipc' | 'ignore' = 'ignore',
): LoggedProcess {
  // Synchronously: its first events may come before anything that is waited for.
  const output = openSync(log, append ? 'a' : 'w', 0o600);
  try {
    const child = spawn(command, args, { detached: true, env, stdio: ['ignore', output, output, channel] });
    return { child, exited: exitOf(child) };
  } finally {
    closeSync(output);
  }
}
