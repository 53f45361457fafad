import { spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUTPUT_DEPTH } from '../../shared/json-depth.ts';
import { parseAnswer, type EvaluatorAnswer } from './evaluator-answer.ts';

/** How a process ended that was not killed from here, or why it could not be started. */
export interface EvaluatorEnd {
  /** For a person: `SIGABRT`, `exit code 1`, a message. */
  how: string;
  signal: NodeJS.Signals | null;
}

export interface EvaluatorListener {
  /** The first is a pulse, when it is ready. */
  onAnswer: (answer: EvaluatorAnswer) => void;
  onEnd: (end: EvaluatorEnd) => void;
}

export interface EvaluatorProcess {
  /** Tasks as `evaluator.mjs` takes them, each with its line feed. */
  send(lines: string): void;
  /** CPU milliseconds it has taken so far, in steps of 10; undefined where the system does not tell. */
  cpuMs(): number | undefined;
  /** Ends it at once, whatever it does. Nothing is heard of it any more. */
  kill(): void;
}

export interface EvaluatorLimits {
  /** Of JavaScript heap. */
  memoryMb: number;
  /** Of a result, in characters of JSON. */
  maxCharacters: number;
}

const PROGRAM = fileURLToPath(new URL('./evaluator.mjs', import.meta.url));
// Node resolves symbolic links before it asks for permission.
const JSONATA = realpathSync(fileURLToPath(import.meta.resolve('jsonata')));

/**
 * A process to evaluate expressions in. Not a thread, though a thread starts faster: its `terminate()` waits for
 * native code (`JSON.stringify` of a large value: 3.9 s), and one large allocation beyond its memory limit aborts the
 * whole process (https://github.com/nodejs/node/issues/47224). This process may read its program and no more: no
 * environment, files, processes, threads or code from strings, and from Node 25 on no network.
 */
export function startEvaluator(
  { memoryMb, maxCharacters }: EvaluatorLimits,
  { onAnswer, onEnd }: EvaluatorListener,
  engine = JSONATA,
): EvaluatorProcess {
  const child = spawn(
    process.execPath,
    [...flags(memoryMb, engine), PROGRAM, engine, String(maxCharacters), String(OUTPUT_DEPTH)],
    {
      env: {},
      cwd: path.dirname(PROGRAM),
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  let gone = false;
  const end = (how: string, signal: NodeJS.Signals | null = null): void => {
    if (gone) return;
    kill();
    onEnd({ how, signal });
  };
  function kill(): void {
    gone = true;
    child.kill('SIGKILL');
  }
  const read = lineReader(maxCharacters + 1024, (line) => {
    const answer = gone || line === undefined ? undefined : parseAnswer(line);
    if (answer) onAnswer(answer);
    else end('what it said was no answer');
  });
  child.stdout.setEncoding('utf8').on('data', read);
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => end(signal ?? `exit code ${code}`, signal));
  // A broken pipe is the end of the process, and that is told by `close`.
  child.stdin.on('error', () => undefined);
  return {
    send: (lines) => void child.stdin.write(lines),
    cpuMs: () => (child.pid === undefined ? undefined : readCpuMs(child.pid)),
    kill,
  };
}

function flags(memoryMb: number, engine: string): string[] {
  return [
    `--max-old-space-size=${memoryMb}`,
    '--max-semi-space-size=2',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    '--permission',
    `--allow-fs-read=${PROGRAM}`,
    `--allow-fs-read=${path.dirname(engine)}${path.sep}*`,
  ];
}

/** Cuts a stream of text into lines; undefined stands for one that is too long to be true. */
function lineReader(
  maxCharacters: number,
  onLine: (line: string | undefined) => void,
): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = text.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > maxCharacters) onLine(undefined);
  };
}

/** User and system time out of Linux's `/proc/<pid>/stat`, in ticks of 10 ms (proc_pid_stat(5), fields 14 and 15). */
function readCpuMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  } catch {
    // No Linux, or the process is just gone: the caller goes by the clock then.
    return undefined;
  }
}
