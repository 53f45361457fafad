import { createHash } from 'node:crypto';
import type { RedisConnection } from './connection.ts';

const KEPT_SECONDS = 24 * 3600;

/** What an Idempotency-Key stands for: the job's id and the digest of the body that it came with. */
export interface Claim {
  jobId: string;
  sameBody: boolean;
}

export interface IdempotencyKeys {
  /**
   * Binds the tenant's key to a job id and a body, or answers what it is bound to already. It is bound before the
   * job exists: who dies in between and repeats the request admits the same id, which `admit` does only once.
   */
  claim(tenant: string, key: string, jobId: string, body: string): Promise<Claim>;
}

export function createIdempotencyKeys(redis: RedisConnection): IdempotencyKeys {
  return {
    async claim(tenant, key, jobId, body) {
      const digest = sha256(body);
      const name = `inferq:idempotency:${sha256(JSON.stringify([tenant, key]))}`;
      // NX and GET together would need Redis 7.
      const free = await redis.set(name, `${jobId} ${digest}`, 'EX', KEPT_SECONDS, 'NX');
      const bound = free === 'OK' ? null : await redis.get(name);
      if (bound === null) return { jobId, sameBody: true };
      const [boundId = jobId, boundDigest] = bound.split(' ');
      return { jobId: boundId, sameBody: boundDigest === digest };
    },
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
