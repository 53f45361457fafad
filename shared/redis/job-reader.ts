import { isTerminal } from '../job-status.ts';
import type { RedisConnection } from './connection.ts';
import { codeOfJob, keyPrefix } from './keys.ts';
import { queuePlace } from './queue-place.ts';
import type { StoredJob } from '../stored-job.ts';
import { fromField } from '../text.ts';
import { parseRecord } from './record.ts';

/** With the input; only where it is the tenant's. */
export interface ReadOptions {
  input?: boolean;
  tenant?: string;
}

/** How long a record outlives its data, as in `scripts/lib/record.lua`. */
const RECORD_LIFE_MS = 7 * 86_400_000;

/**
 * Reads a job with its output. Undefined for an id that is none or is not known. One round trip for a job that has
 * ended, a second one for its place in the queue, its progress, or data that it shares with others.
 */
export async function readJob(
  redis: RedisConnection,
  id: string,
  include: ReadOptions = {},
): Promise<StoredJob | undefined> {
  const code = codeOfJob(id);
  if (!code) return undefined;
  const prefix = keyPrefix(code);
  const key = `${prefix}job:${id}`;
  const [fields, life, own] = await Promise.all([
    redis.hgetall(key),
    redis.pttl(key),
    readData(redis, prefix, id, include),
  ]);
  const job = parseRecord(id, fields);
  // As early as for a job that is not there: the time must not tell either.
  if (!job || (include.tenant !== undefined && job.tenant !== include.tenant)) return undefined;
  const place = fields['hit'] ?? job.run;
  const data = place === id ? own : await readData(redis, prefix, place, include);
  const found = { ...job, ...visible(job, data, life) };
  if (job.status === 'queued') found.queue = await queuePlace(redis, prefix, id);
  if (job.status === 'running') found.progress = await readProgress(redis, prefix, job.run);
  return found;
}

/** Reads the record alone: what a list is filtered by, without outputs of megabytes. */
export async function readRecord(redis: RedisConnection, id: string): Promise<StoredJob | undefined> {
  const code = codeOfJob(id);
  return code ? parseRecord(id, await redis.hgetall(`${keyPrefix(code)}job:${id}`)) : undefined;
}

interface Data {
  kept: boolean;
  output: string | null;
  input: string | null;
}

async function readData(
  redis: RedisConnection,
  prefix: string,
  run: string,
  include: { input?: boolean },
): Promise<Data> {
  const key = `${prefix}data:${run}`;
  const [kept, [output = null, input = null]] = await Promise.all([
    redis.exists(key),
    include.input ? redis.hmget(key, 'output', 'input') : redis.hmget(key, 'output'),
  ]);
  return { kept: kept === 1, output, input };
}

/**
 * What a job may show of its run's data. They live as long as the last one needs them, so a job's own retention is told
 * by its record, and a job that left its run has no part in what the others got.
 */
function visible(
  { status }: StoredJob,
  { kept, output, input }: Data,
  life: number,
): Pick<StoredJob, 'output' | 'dataRemoved' | 'input'> {
  const dataRemoved = isTerminal(status) && (!kept || life < RECORD_LIFE_MS);
  if (dataRemoved) return { output: null, dataRemoved };
  return {
    output: status === 'succeeded' && output !== null ? fromField(output) : null,
    dataRemoved,
    ...(input === null ? {} : { input: fromField(input) }),
  };
}

async function readProgress(
  redis: RedisConnection,
  prefix: string,
  run: string,
): Promise<StoredJob['progress']> {
  const text = await redis.hget(`${prefix}run:${run}`, 'progress');
  return text ? JSON.parse(text) : null;
}
