import { isTerminal } from '../job-status.ts';
import type { RedisConnection } from './connection.ts';
import { codeOfJob, keyPrefix } from './keys.ts';
import { queuePlace } from './queue-place.ts';
import type { StoredJob } from '../stored-job.ts';
import { parseRecord } from './record.ts';

/**
 * Reads a job with its output. Undefined for an id that is none or is not known. One round trip for a job that has
 * ended, a second one for its place in the queue, its progress, or the data of a run that it joined.
 */
export async function readJob(
  redis: RedisConnection,
  id: string,
  include: { input?: boolean } = {},
): Promise<StoredJob | undefined> {
  const code = codeOfJob(id);
  if (!code) return undefined;
  const prefix = keyPrefix(code);
  const [fields, own] = await Promise.all([
    redis.hgetall(`${prefix}job:${id}`),
    readData(redis, prefix, id, include),
  ]);
  const job = parseRecord(id, fields);
  if (!job) return undefined;
  const data = job.run === id ? own : await readData(redis, prefix, job.run, include);
  const found = { ...job, output: data.output, dataRemoved: isTerminal(job.status) && !data.kept };
  if (data.input !== null) found.input = data.input;
  if (job.status === 'queued') found.queue = await queuePlace(redis, prefix, job);
  if (job.status === 'running') found.progress = await readProgress(redis, prefix, job.run);
  return found;
}

async function readData(redis: RedisConnection, prefix: string, run: string, include: { input?: boolean }) {
  const key = `${prefix}data:${run}`;
  const [kept, [output = null, input = null]] = await Promise.all([
    redis.exists(key),
    include.input ? redis.hmget(key, 'output', 'input') : redis.hmget(key, 'output'),
  ]);
  return { kept: kept === 1, output, input };
}

async function readProgress(
  redis: RedisConnection,
  prefix: string,
  run: string,
): Promise<StoredJob['progress']> {
  const text = await redis.hget(`${prefix}run:${run}`, 'progress');
  return text ? JSON.parse(text) : null;
}
