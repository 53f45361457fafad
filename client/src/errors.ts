import type { Job, Problem } from './schema.ts';

/** Everything that the client throws itself; an abort is thrown as the signal's own reason. */
export class InferqError extends Error {
  override name = 'InferqError';
}

export interface Refusal {
  status: number;
  /** Absent where something other than the broker answered, such as a proxy. */
  problem: Problem | undefined;
  requestId: string | undefined;
  /** Seconds after which a repetition may succeed. */
  retryAfter: number | undefined;
}

/** The broker refused the request (RFC 9457). */
export class ApiError extends InferqError implements Refusal {
  override name = 'ApiError';
  readonly status: number;
  readonly problem: Problem | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor({ status, problem, requestId, retryAfter }: Refusal) {
    super(problem ? `${problem.title}: ${problem.detail}` : `The answer is ${status}, without a reason`);
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }

  /** What kind of error it is, as docs/errors.md lists them: `invalid_input`, `rate_limited`, … */
  get code(): Problem['error_type'] | undefined {
    return this.problem?.error_type;
  }

  /** What is wrong where, of a body or an input. */
  get errors(): NonNullable<Problem['errors']> {
    return this.problem?.errors ?? [];
  }
}

/** No answer came: no connection, one that broke, none in time, or an answer that is not JSON. */
export class ConnectionError extends InferqError {
  override name = 'ConnectionError';
}

/** The job ended otherwise than well. */
export class JobError extends InferqError {
  override name = 'JobError';
  readonly job: Job;

  constructor(job: Job) {
    super(`${job.id} ${job.error ? `failed: ${job.error.detail}` : `is ${job.status}`}`);
    this.job = job;
  }

  /** `model_error`, `model_timeout`, …; of a job that was canceled or expired its status. */
  get code(): string {
    return this.job.error?.error_type ?? this.job.status;
  }
}

/** The message is not from the broker, not for you, or too old. */
export class WebhookError extends InferqError {
  override name = 'WebhookError';
}
