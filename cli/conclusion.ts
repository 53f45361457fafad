import { isTerminal } from '../shared/job-status.ts';
import type { Job } from '../shared/job.ts';
import { curesFor } from './cure.ts';
import { EXIT } from './exit-code.ts';
import { Failure } from './failure.ts';
import { describeEnd } from './job-view.ts';
import { toJson, type OutputPrinter } from './output.ts';
import type { Session } from './session.ts';

/** Prints what an ended job gave. Throws a Failure when it did not succeed. */
export function concludeJob({ json, stdout, stderr }: Session, job: Job, output: OutputPrinter): void {
  if (json) stdout.write(`${toJson(job)}\n`);
  if (job.status !== 'succeeded') throw failureOf(job);
  if (json) return;
  if (job.data_removed) throw dataRemoved(job);
  output.complete(job.output);
  output.close();
  stderr.write(`${stderr.colors.green('✓')} ${stderr.colors.dim(`${job.id} ${describeEnd(job)}`)}\n`);
}

const TITLES: Partial<Record<Job['status'], string>> = {
  canceled: 'The job was canceled',
  expired: 'The job expired: its ttl ran out before it could start',
};

/** An ended job that did not succeed, as what it is to the command. */
export function failureOf(job: Job): Failure {
  const problem = job.error ?? { title: TITLES[job.status] ?? `The job is ${job.status}` };
  const again = isTerminal(job.status) ? [`npx inferq jobs retry ${job.id}  runs it again`] : [];
  return new Failure(EXIT.refused, problem, {
    cures: [...curesFor(problem, job), ...again],
    requestId: job.request_id,
  });
}

function dataRemoved(job: Job): Failure {
  const title = `The output of ${job.id} has been removed`;
  return new Failure(EXIT.refused, { title, detail: 'It was kept for the retention of its model.' });
}

/** After a change of a job: what it is now and where to look next. */
export function describeNext({ id, status }: Job): string {
  return isTerminal(status)
    ? `${status}; to see it: npx inferq jobs get ${id}`
    : `${status}; to follow it: npx inferq jobs watch ${id}`;
}
