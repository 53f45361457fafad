import cluster from 'node:cluster';
import type { Environment } from '../config.ts';
import { readArguments } from './arguments.ts';
import { joinOthers } from './member.ts';
import { ALONE, type Together } from './together.ts';

export interface RoleProgram {
  role: string;
  /** Its file. */
  file: string;
  /** Does the role's work in this process. */
  run(together: Together): Promise<void>;
}

/** Runs a role in this process, or in as many as its arguments and environment ask for. */
export async function runProcesses(
  program: RoleProgram,
  args: readonly string[],
  env: Environment,
): Promise<void> {
  if (cluster.isWorker) return program.run(joinOthers());
  const wish = readArguments(program.role, args, env['INFERQ_PROCESSES']);
  if ('say' in wish) {
    const out = wish.exitCode === 0 ? process.stdout : process.stderr;
    out.write(`${wish.say}\n`, () => process.exit(wish.exitCode));
    return;
  }
  if (wish.processes === 1) return program.run(ALONE);
  await superviseRole(program, wish.processes, env['LOG_LEVEL']);
}

/** What this takes is of no use to a process that does the work itself. */
async function superviseRole(
  { role, file }: RoleProgram,
  processes: number,
  logLevel: string | undefined,
): Promise<void> {
  const [{ supervise }, { createDeathLog }] = await Promise.all([
    import('./supervisor.ts'),
    import('./death-log.ts'),
  ]);
  await supervise({
    role,
    file,
    processes,
    onDeath: createDeathLog(role, logLevel || undefined),
    onLost(text) {
      if (text !== '') process.stderr.write(`${text}\n`);
      process.exit(1);
    },
  });
}
