import type { Job, JobRequest } from '../shared/job.ts';
import { Failure } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { toJob } from './job.ts';
import type { Session } from './session.ts';

export interface Submission {
  /** Everything but the input. */
  request: Omit<JobRequest, 'input'>;
  /** JSON text, sent as it is. */
  input: string;
  idempotencyKey: string;
}

/** Hands a job to the broker; sends it again, under the same key, when no answer came. */
export async function submitJob({ client }: Session, submission: Submission): Promise<Job> {
  const { request, idempotencyKey } = submission;
  const interrupt = onInterrupt((exit) => interruptedSubmission(exit, idempotencyKey));
  try {
    const answer = await client.call({
      method: 'POST',
      path: '/jobs',
      body: bodyOf(submission),
      headers: { 'Idempotency-Key': idempotencyKey },
      idempotent: true,
      signal: interrupt.signal,
      about: { model: request.model },
    });
    return toJob(answer.body, client.connection.url);
  } finally {
    interrupt.stop();
  }
}

function bodyOf({ request, input }: Submission): string {
  return `${JSON.stringify(request).slice(0, -1)},"input":${input}}`;
}

function interruptedSubmission(exit: Failure['exit'], key: string): Failure {
  const problem = {
    type: 'urn:inferq:cli:interrupted',
    title: 'Interrupted',
    detail: 'Whether the broker took the job is not known.',
  };
  return new Failure(exit, problem, {
    cures: [`The same command with --idempotency-key ${key}  finds the job or makes it`],
  });
}
