import { createHash } from 'node:crypto';
import type { RedisConnection } from './connection.ts';

const KEPT_SECONDS = 24 * 3600;

/** What an Idempotency-Key stands for: the job's id and the digest of the body that it came with. */
export interface Claim {
  jobId: string;
  sameBody: boolean;
}

export interface IdempotencyKeys {
  /** What the tenant's key is bound to already. */
  find(tenant: string, key: string, body: string): Promise<Claim | undefined>;
  /**
   * Binds the tenant's key to a job id and a body, or answers what it is bound to already. It is bound before the
   * job exists: who dies in between and repeats the request admits the same id, which `admit` does only once.
   */
  claim(tenant: string, key: string, jobId: string, body: string): Promise<Claim>;
}

export function createIdempotencyKeys(redis: RedisConnection): IdempotencyKeys {
  async function find(tenant: string, key: string, body: string): Promise<Claim | undefined> {
    const bound = await redis.get(idempotencyKey(tenant, key));
    if (bound === null) return undefined;
    const [jobId = '', digest] = bound.split(' ');
    return { jobId, sameBody: digest === sha256(body) };
  }
  return {
    find,
    async claim(tenant, key, jobId, body) {
      // NX and GET together would need Redis 7.
      const value = `${jobId} ${sha256(body)}`;
      const free = await redis.set(idempotencyKey(tenant, key), value, 'EX', KEPT_SECONDS, 'NX');
      return (free === 'OK' ? undefined : await find(tenant, key, body)) ?? { jobId, sameBody: true };
    },
  };
}

/** Where a key of a client lies in Redis. */
export function idempotencyKey(tenant: string, key: string): string {
  return `inferq:idempotency:${sha256(JSON.stringify([tenant, key]))}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
