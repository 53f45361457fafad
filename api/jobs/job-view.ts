import { createHash } from 'node:crypto';
import { InferqError } from '../../shared/errors.ts';
import type { StoredJob } from '../../shared/stored-job.ts';

/** Reads `?include=input,attempts`. */
export function readInclude(text: string | null): { input: boolean; attempts: boolean } {
  const names = text === null || text === '' ? [] : text.split(',');
  const unknown = names.find((name) => name !== 'input' && name !== 'attempts');
  if (unknown !== undefined) {
    const detail = `include takes 'input' and 'attempts', not '${unknown.slice(0, 40)}'.`;
    throw new InferqError('invalid_request', detail, { errors: [{ pointer: '?include', detail }] });
  }
  return { input: names.includes('input'), attempts: names.includes('attempts') };
}

/** Changes whenever the answer does: with each step of the job, and with what stands beside its record. */
export function etagOf(
  { revision, queue, progress, dataRemoved }: StoredJob,
  include: string | null,
): string {
  const beside = JSON.stringify([queue, progress, dataRemoved, include]);
  return `W/"${revision}-${createHash('sha1').update(beside).digest('base64url')}"`;
}
