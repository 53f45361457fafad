import { isTerminal } from '../shared/job-status.ts';
import type { Job } from '../shared/job.ts';
import { concludeJob } from './conclusion.ts';
import { createDisplay, SILENT, type Display } from './display.ts';
import { interrupted, waitedOut } from './failure.ts';
import { follow } from './follow.ts';
import { onInterrupt } from './interrupt.ts';
import { describe, nextView, NO_VIEW, type Update } from './job-view.ts';
import { createOutputPrinter, type OutputPrinter } from './output.ts';
import type { Session } from './session.ts';
import { plain } from './terminal.ts';

export interface WaitOptions {
  /** Seconds; without end when undefined. */
  seconds?: number | undefined;
  /** Print the output as it comes. */
  stream?: boolean | undefined;
}

/**
 * Waits for a job before the eyes of a person and prints what it gave. Throws a Failure when it ended otherwise
 * than well, when the time ran out and on Ctrl-C.
 */
export async function waitForJob(session: Session, job: Job, options: WaitOptions): Promise<void> {
  const display = session.json ? SILENT : createDisplay(session.stderr);
  const output = createOutputPrinter(session.stdout);
  const tell = createViewer(session, display, options.stream === true ? output : null);
  try {
    const ended = isTerminal(job.status) ? job : await followFor(session, job, tell, options.seconds);
    display.stop();
    concludeJob(session, ended, output);
  } finally {
    display.stop();
    output.close();
  }
}

async function followFor(
  session: Session,
  job: Job,
  tell: (update: Update) => void,
  seconds?: number,
): Promise<Job> {
  const interrupt = onInterrupt((exit) => interrupted(exit, job.id));
  const deadline = new AbortController();
  const ring = () => deadline.abort(waitedOut(job.id, seconds ?? 0));
  // A timer of more than 24.8 days would ring at once; nobody waits that long.
  const timer = seconds === undefined ? undefined : setTimeout(ring, Math.min(seconds * 1000, 2 ** 31 - 1));
  const signal = AbortSignal.any([interrupt.signal, deadline.signal]);
  try {
    tell({ type: 'job', job });
    return await follow({ client: session.client, id: job.id, tell, signal });
  } finally {
    clearTimeout(timer);
    interrupt.stop();
  }
}

function createViewer(
  { stderr }: Session,
  display: Display,
  output: OutputPrinter | null,
): (update: Update) => void {
  let view = NO_VIEW;
  return (update) => {
    if (update.type === 'log') return display.line(plain(update.message));
    if (update.type === 'output') {
      if (!output) return;
      // The text takes the terminal over: a spinner between its pieces would tear it.
      display.stop();
      return output.add(update.chunk);
    }
    view = nextView(view, update);
    // How it ended is said at the end.
    if (isTerminal(view.status)) return;
    if (update.type === 'status' && output?.restart() === true) {
      stderr.write('That attempt failed; the output begins again\n');
    }
    display.show(describe(view));
  };
}
