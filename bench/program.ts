import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Bed } from './bed.ts';

/** A process of the benchmark's own: a floor, the load, the endpoint. */
export interface Program {
  pid: number;
  url: string;
  /** Asks it over IPC. */
  ask<Answer>(question: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts `file` of this folder with its configuration as JSON; it says `{ready: url}` when it serves. */
export async function startProgram(file: string, config: object = {}): Promise<Program> {
  const child = fork(path.join(import.meta.dirname, file), [JSON.stringify(config)]);
  const ended = failure(child, file);
  ended.catch(() => undefined);
  const message = async (): Promise<unknown> => {
    const [first] = await Promise.race([once(child, 'message'), ended]);
    return first;
  };
  const first = await message();
  return {
    pid: child.pid ?? 0,
    url: String(Object(first).ready),
    async ask(question) {
      const answered = message();
      child.send(Object(question));
      const answer = Object(await answered);
      if (answer.fault) throw new Error(`${file}: ${answer.fault}`);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function failure(child: ChildProcess, file: string): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`${file} ended with ${code}`);
}

/** The same, and it ends with the bed. */
export async function startIn(bed: Bed, file: string, config: object = {}): Promise<Program> {
  const program = await startProgram(file, config);
  bed.ends.push(() => program.stop());
  return program;
}
