import { toProblem, type InferqError } from './errors.ts';
import type { JobError } from './job.ts';

/** The error as it stands in the record of a job that ends with it. */
export function toJobError(error: InferqError, attempt: number): JobError {
  const { type, title, status, detail, error_type } = toProblem(error);
  return { type, title, status, detail, error_type, retryable: error.retryable, attempt };
}
