import { hash } from 'node:crypto';
import { InferqError } from '../../shared/errors.ts';
import type { StoredJob } from '../../shared/stored-job.ts';

/** Reads `?include=input,attempts`. */
export function readInclude(text: string): { input: boolean; attempts: boolean } {
  const names = text === '' ? [] : text.split(',');
  const unknown = names.find((name) => name !== 'input' && name !== 'attempts');
  if (unknown !== undefined) {
    const detail = `include takes 'input' and 'attempts', not '${unknown.slice(0, 40)}'.`;
    throw new InferqError('invalid_request', detail, { errors: [{ pointer: '?include', detail }] });
  }
  return { input: names.includes('input'), attempts: names.includes('attempts') };
}

/** Changes whenever the answer does: with each step of the job, and with what stands beside its record. */
export function etagOf({ revision, queue, progress, dataRemoved }: StoredJob, include: string): string {
  const beside = JSON.stringify([queue, progress, dataRemoved, include]);
  return `W/"${revision}-${hash('sha1', beside, 'base64url')}"`;
}

/** `If-None-Match` as RFC 9110 §13.1.2 has it: a list, or `*` for anything; weak and strong tags are the same here. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim());
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag.replace(/^W\//, ''));
}
