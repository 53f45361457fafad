import { toEnd } from './record.ts';
import type { PastEnd } from '../webhooks/job-message.ts';
import type { RedisConnection } from './connection.ts';
import { prefixOf } from './keys.ts';

/** An end of a job that its client has had run again since; `scripts/retry-1.lua` keeps it for its webhook. */
export async function readPastEnd(
  redis: RedisConnection,
  jobId: string,
  revision: number,
): Promise<PastEnd | undefined> {
  const text = await redis.hget(`${prefixOf(jobId)}job:${jobId}`, `end:${revision}`);
  return text === null ? undefined : toEnd(JSON.parse(text));
}
