import canonicalize from 'canonicalize';
import { InferqError } from '../../shared/errors.ts';
import type { JobRequest } from '../../shared/job.ts';
import type { Acceptance } from '../../shared/redis/acceptance.ts';
import type { Claim, IdempotencyKeys } from '../../shared/redis/idempotency.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import type { InTurn } from '../http/turns.ts';

export interface ReplayParts {
  idempotency: IdempotencyKeys;
  readKept: Acceptance['readKept'];
}

/** What an Idempotency-Key is bound to: the request as it means, not as it is spelled (RFC 8785). */
export function bodyOf(request: JobRequest): string {
  return canonicalize(request) ?? '';
}

/**
 * The job that this key and body have made before, whatever its state and whatever has changed since: a replay costs
 * no rate and is not checked again. Throws `idempotency_key_reused` for another body.
 */
export async function findReplay(
  { idempotency, readKept }: ReplayParts,
  tenant: string,
  key: string | undefined,
  request: JobRequest,
  inTurn: InTurn,
): Promise<StoredJob | undefined> {
  if (key === undefined) return undefined;
  const bound = await idempotency.find(tenant, key, await inTurn(() => bodyOf(request)));
  return bound && readKept(jobOf(bound));
}

/** The id that a claim stands for, where the body is its own. */
export function jobOf({ jobId, sameBody }: Claim): string {
  if (sameBody) return jobId;
  throw new InferqError(
    'idempotency_key_reused',
    'This Idempotency-Key came with another body before. Use a new key for a new request.',
  );
}
