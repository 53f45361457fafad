import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from '../../cli/json.ts';
import type { Finding, Row } from './row.ts';

const PROGRAM = path.join(import.meta.dirname, 'run-row.ts');
/** What it has started is told to stop, and waited for, before it is killed. */
const ENDS_WITHIN_MS = 20_000;
/** Those that it has left behind see that it is gone, and go. */
const ORPHANS_GO_MS = 4000;

export interface RunOptions {
  seed: number;
  scale: number;
  signal: AbortSignal;
  tell: (progress: string) => void;
  /** What the process runs; by default, the row. */
  program?: string;
}

export interface RowResult extends Omit<Row, 'run' | 'deadline'>, Finding {
  seconds: number;
}

/** Runs a row in a process and a folder of its own, which are gone afterwards whatever it does. */
export async function runRow(row: Row, options: RunOptions): Promise<RowResult> {
  const folder = await mkdtemp(path.join(tmpdir(), `inferq-chaos-${row.row}-`));
  const begun = performance.now();
  const args = [row.row, options.seed, options.scale].map(String);
  const child = fork(options.program ?? PROGRAM, args, { env: { ...process.env, TMPDIR: folder } });
  const exited = once(child, 'exit');
  const { seen, ...finding } = await Promise.race([
    findingOf(child, options.tell),
    exited.then(() => missed('it ended without a finding')),
    sleep(row.deadline * 1000, missed(`hung: no end within ${row.deadline} s`), { ref: false }),
    once(options.signal, 'abort').then(() => missed('interrupted')),
  ]);
  await end(child, exited, seen);
  await rm(folder, { recursive: true, force: true });
  const { row: number, injected, bar } = row;
  return { row: number, injected, bar, ...finding, seconds: Math.round((performance.now() - begun) / 1000) };
}

/** `seen` by the row itself: it is on its way out. */
type Outcome = Finding & { seen: boolean };

function findingOf(child: ChildProcess, tell: RunOptions['tell']): Promise<Outcome> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (!isRecord(message)) return;
      if (typeof message['progress'] === 'string') tell(message['progress']);
      const { figure, verdict } = Object(message['finding']);
      if (typeof figure === 'string') resolve({ figure, verdict, seen: true });
    });
  });
}

async function end(child: ChildProcess, exited: Promise<unknown>, endsItself: boolean): Promise<void> {
  if (!endsItself) child.kill('SIGTERM');
  const hangs = await Promise.race([exited.then(() => false), sleep(ENDS_WITHIN_MS, true, { ref: false })]);
  if (hangs) {
    child.kill('SIGKILL');
    await exited;
  }
  if (!endsItself) await sleep(ORPHANS_GO_MS);
}

function missed(figure: string): Outcome {
  return { figure, verdict: 'missed', seen: false };
}
