import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';

export const CLI = join(import.meta.dirname, '../../cli/index.ts');

export interface RunOptions {
  /** Its URL becomes INFERQ_URL. */
  broker?: { url: string };
  env?: Record<string, string>;
  /** What it reads from the standard input. */
  input?: string;
  /** An empty folder by default, in which no broker is found. */
  cwd?: string;
  /** Acts on the process while it runs. */
  meanwhile?: (child: ChildProcess) => void;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real command line to its end. */
export async function runInferq(
  t: ExecutionContext,
  args: string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { broker, input, meanwhile } = options;
  const cwd = options.cwd ?? (await emptyFolder(t));
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      ...(broker ? { INFERQ_URL: broker.url, INFERQ_TOKEN: 'ifq_test' } : {}),
      ...options.env,
    },
  });
  t.teardown(() => child.kill('SIGKILL'));
  child.stdin.end(input);
  meanwhile?.(child);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: typeof code === 'number' ? code : null, stdout, stderr };
}

export async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inferq-cli-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Acts once, when the process has written these words. */
export function whenItSays(
  words: string,
  act: (child: ChildProcess) => void,
  stream: 'stdout' | 'stderr' = 'stderr',
): (child: ChildProcess) => void {
  return (child) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes(words)) return;
      child[stream]?.off('data', listen);
      act(child);
    };
    child[stream]?.on('data', listen);
  };
}
