import { Type, type Static } from 'typebox';
import { InferqError, type ErrorCode } from '../../shared/errors.ts';
import type { FailedJob, FailedJobs } from '../../shared/redis/failed-jobs.ts';
import { readRecord } from '../../shared/redis/job-reader.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { toTime, type StoredJob } from '../../shared/stored-job.ts';
import { tryAgain, type RetryParts } from '../jobs/retry-job.ts';

/** Which failed jobs are to run again. */
export const RedriveRequest = Type.Object(
  {
    error_type: Type.Optional(Type.String({ maxLength: 64, description: 'That failed with this' })),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'That failed then or later' })),
    tenant: Type.Optional(
      Type.String({ maxLength: 63, description: 'Of this tenant; another than your own is for admins' }),
    ),
    limit: Type.Integer({ default: 1000, minimum: 1, maximum: 10_000 }),
  },
  { additionalProperties: false },
);
export type RedriveRequest = Static<typeof RedriveRequest>;

export const Redriven = Type.Object({
  redriven: Type.Integer({ description: 'Jobs that were queued again' }),
  stopped: Type.Union([
    Type.Enum(['limit', 'full'], { description: 'Why before the end: enough, or a backlog is full' }),
    Type.Null(),
  ]),
  next: Type.Union([
    Type.String({ format: 'date-time', description: 'The `since` to go on with, where there may be more' }),
    Type.Null(),
  ]),
});
type Redriven = Static<typeof Redriven>;

/** The same with `since` in Unix milliseconds, and the tenant that it comes to; undefined is all. */
export interface Choice {
  error_type?: string;
  since: number;
  tenant: string | undefined;
  limit: number;
}

export interface RedriveParts extends RetryParts {
  redis: RedisConnection;
  failedJobs: FailedJobs;
}

const AT_ONCE = 50;
/** One request looks at no more failed jobs than these, so that it ends soon. */
const MOST_LOOKED_AT = 20_000;

/** A model, and the versions of it that are meant. */
interface Target {
  code: string;
  versions: ReadonlySet<string>;
}

/** `gone`: left the index; `full`: no room for it now; `kept`: it stays there. */
type Fate = 'redriven' | 'gone' | 'kept' | 'full';

/** Queues failed jobs of a model again, those first that failed first. Doing it twice is harmless. */
export async function redriveJobs(
  parts: RedriveParts,
  { code, versions }: Target,
  choice: Choice,
  signal: AbortSignal,
): Promise<Redriven> {
  let redriven = 0;
  let skip = 0;
  let last = choice.since;
  for (let looked = 0; looked < MOST_LOOKED_AT && !signal.aborted; looked += AT_ONCE) {
    const wanted = Math.min(AT_ONCE, choice.limit - redriven);
    if (wanted === 0) break;
    const found = await parts.failedJobs.list(code, choice.since, skip, wanted);
    if (found.length === 0) return { redriven, stopped: null, next: null };
    last = found.at(-1)?.failedAt ?? last;
    const fates = await Promise.all(found.map((job) => redrive(parts, job, { code, versions }, choice)));
    redriven += fates.filter((fate) => fate === 'redriven').length;
    // Who went is not in the way of those behind any more.
    skip += fates.filter((fate) => fate === 'kept' || fate === 'full').length;
    const full = found[fates.indexOf('full')];
    if (full) return { redriven, stopped: 'full', next: toTime(full.failedAt) };
  }
  return { redriven, stopped: 'limit', next: toTime(last) };
}

async function redrive(
  parts: RedriveParts,
  { id }: FailedJob,
  { code, versions }: Target,
  choice: Choice,
): Promise<Fate> {
  const job = await readRecord(parts.redis, id);
  if (!job) {
    await parts.failedJobs.forget(code, id);
    return 'gone';
  }
  if (!versions.has(job.version) || !fits(job, choice)) return 'kept';
  try {
    return FATES[(await tryAgain(parts, job)).kind];
  } catch (thrown) {
    // A tenant that cannot pay keeps nobody else from it.
    if (thrown instanceof InferqError && UNPAID.has(thrown.code)) return 'kept';
    throw thrown;
  }
}

const UNPAID: ReadonlySet<ErrorCode> = new Set(['budget_spent', 'model_unpriced']);

/** Who was refused has no input any more, or has not failed any more: `retry` took it out of the index. */
const FATES = {
  queued: 'redriven',
  full: 'full',
  'not served': 'kept',
  missing: 'gone',
  removed: 'gone',
  refused: 'gone',
} satisfies Record<Awaited<ReturnType<typeof tryAgain>>['kind'], Fate>;

function fits(job: StoredJob, { error_type: type, tenant }: Choice): boolean {
  if (type !== undefined && job.error?.error_type !== type) return false;
  return tenant === undefined || job.tenant === tenant;
}
