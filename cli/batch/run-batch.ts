import { createDisplay, SILENT, type Display } from '../display.ts';
import { formatSeconds } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { onInterrupt } from '../interrupt.ts';
import { describeProgress } from '../progress-bar.ts';
import type { Session } from '../session.ts';
import { readJobLines, surveyJobLines, type JobLines } from './job-lines.ts';
import { openResultFile, type ResultFile } from './result-file.ts';
import { createInOrder, type Result } from './result.ts';
import { createSettler } from './settle-line.ts';
import { openSideFile, readSideFile, type SideFile } from './side-file.ts';

export interface BatchOptions extends JobLines {
  /** Where the results go; the standard output where it is undefined. */
  output: string | undefined;
  /** How many jobs are under way at once. */
  inFlight: number;
}

const DRAW_MS = 200;
/** Where no terminal is drawn on. */
const LINE_MS = 10_000;

/** Runs every job of a file, and writes what became of each in the order of the lines. */
export async function runBatch(session: Session, options: BatchOptions): Promise<void> {
  const { count, digest } = await surveyJobLines(options);
  const beside = `${options.path}.inferq`;
  const before = await readSideFile(beside, digest);
  // In between, so that it is neither emptied for a run that is refused nor leaves a side file behind.
  const sink = options.output === undefined ? toStdout(session) : await openResultFile(options.output);
  const side = await openSideFile(beside, before);
  const display = session.json ? SILENT : createDisplay(session.stderr);
  const counter = createCounter(session, display, count, side.results);
  try {
    await settleAll(session, options, side, sink, counter);
    await side.remove();
  } catch (thrown) {
    await side.close();
    throw thrown;
  } finally {
    counter.stop();
  }
  conclude(session, options, counter.read());
}

async function settleAll(
  { client }: Session,
  options: BatchOptions,
  side: SideFile,
  sink: ResultFile,
  counter: Counter,
): Promise<void> {
  const failed = new AbortController();
  const interrupt = onInterrupt((exit) => stopped(exit, options));
  const signal = AbortSignal.any([interrupt.signal, sink.signal, failed.signal]);
  const settle = createSettler({
    client,
    signal,
    random: Math.random,
    onPause: (seconds) => counter.pause(seconds),
  });
  const before = new Map(side.results.map((result) => [result.line, result]));
  const inOrder = createInOrder((result) => sink.write(`${JSON.stringify(result)}\n`));
  const lines = readJobLines(options);
  const lane = async () => {
    for await (const line of lines) {
      signal.throwIfAborted();
      inOrder.expect(line.number);
      const known = before.get(line.number);
      const result = known ?? (await settle(line, `${side.run}-${line.number}`));
      if (!known) {
        await side.add(result);
        counter.add(result);
      }
      inOrder.add(result);
    }
  };
  const lanes = Array.from({ length: options.inFlight }, lane);
  try {
    await Promise.all(lanes);
  } catch (thrown) {
    failed.abort(thrown);
    // One may be in the middle of a result.
    await Promise.allSettled(lanes);
    throw thrown;
  } finally {
    interrupt.stop();
    // Before the side file goes, which has all that is done.
    await sink.end();
  }
}

function stopped(exit: Failure['exit'], { path }: BatchOptions): Failure {
  const problem = { type: 'urn:inferq:cli:interrupted', title: 'Interrupted' };
  const detail = `What is done stands in ${path}.inferq; jobs under way go on at the broker.`;
  return new Failure(exit, { ...problem, detail }, { cures: ['The same command goes on where it stopped'] });
}

type Counter = ReturnType<typeof createCounter>;

function createCounter({ stderr }: Session, display: Display, total: number, before: readonly Result[]) {
  const started = performance.now();
  let done = before.length;
  let failed = before.filter(isBad).length;
  let paused = '';
  const draw = () => {
    const elapsed = (performance.now() - started) / 1000;
    display.show(describeProgress({ done, total, failed, elapsed, before: before.length }) + paused);
  };
  draw();
  const timer = setInterval(draw, stderr.interactive ? DRAW_MS : LINE_MS);
  return {
    add(result: Result): void {
      done += 1;
      paused = '';
      if (isBad(result)) failed += 1;
    },
    pause(seconds: number): void {
      paused = ` · the broker wants a pause of ${formatSeconds(seconds)}`;
    },
    read: () => ({ total, failed, seconds: (performance.now() - started) / 1000 }),
    stop(): void {
      clearInterval(timer);
      display.stop();
    },
  };
}

function isBad({ status }: Result): boolean {
  return status !== 'succeeded';
}

/** What goes wrong there ends the process (cli/index.ts). */
function toStdout({ stdout }: Session): ResultFile {
  return { signal: new AbortController().signal, write: (text) => stdout.write(text), end: async () => {} };
}

function conclude(
  { json, stderr }: Session,
  { output }: BatchOptions,
  { total, failed, seconds }: ReturnType<Counter['read']>,
): void {
  if (failed > 0) {
    const title = `${failed} of ${total} jobs did not succeed`;
    const cure = `jq -c 'select(.status != "succeeded")' ${output ?? 'RESULTS'}  shows which, and why`;
    throw new Failure(EXIT.refused, { type: 'urn:inferq:cli:jobs-failed', title }, { cures: [cure] });
  }
  const said = `${total} ${total === 1 ? 'job' : 'jobs'} succeeded in ${formatSeconds(seconds)}`;
  if (!json) stderr.write(`${stderr.colors.green('✓')} ${stderr.colors.dim(said)}\n`);
}
