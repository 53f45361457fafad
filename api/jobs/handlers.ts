import { Readable } from 'node:stream';
import { InferqError } from '../../shared/errors.ts';
import { isJobStatus, isTerminal } from '../../shared/job-status.ts';
import { compileForSender } from '../../shared/json-schema.ts';
import { JobRequest } from '../../shared/job.ts';
import { splitName } from '../../shared/model.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { listJobs } from '../../shared/redis/job-list.ts';
import { modelCode } from '../../shared/redis/keys.ts';
import type { KnownCodes } from '../../shared/redis/known-codes.ts';
import type { MemoryWatch } from '../../shared/redis/memory-watch.ts';
import type { Scope } from '../../shared/principal.ts';
import type { RateLimiter } from '../../shared/redis/rate-limiter.ts';
import { isRedisTrouble } from '../../shared/redis/trouble.ts';
import { renderJob, type Include, type StoredJob } from '../../shared/stored-job.ts';
import { authorize, noSuchJob } from '../auth/authorize.ts';
import { valueOf } from '../http/query.ts';
import { queryAfter } from '../http/page-query.ts';
import type { Answer, Call } from '../http/route.ts';
import { waitOf } from '../http/wait.ts';
import { limitRate, withinRate } from '../tenants/rate-limit.ts';
import { redeliver, type RedeliveryParts } from '../webhooks/redelivery.ts';
import { awaitJob } from './await-job.ts';
import { cancelJob } from './cancel-job.ts';
import { hasSeenAll, jobEvents, resumePoint, type EventsParts } from './job-events.ts';
import { jobBody } from './job-body.ts';
import { outputAnswer, readRedirect } from './job-output.ts';
import { etagOf, matchesEtag, readInclude } from './job-view.ts';
import { readListQuery } from './list-query.ts';
import { findReplay, type ReplayParts } from './replay.ts';
import { retryJob } from './retry-job.ts';
import { submitJob, type SubmitParts } from './submit-job.ts';

export interface JobHandlerParts extends SubmitParts, ReplayParts, EventsParts, RedeliveryParts {
  redis: RedisConnection;
  limiter: RateLimiter;
  memory: MemoryWatch;
  knownCodes: KnownCodes;
}

type Handler = (call: Call) => Promise<Answer>;
type Body = Pick<Answer, 'json' | 'stream'>;

const checkRequest = compileForSender(JobRequest, { strict: true });

function isJobRequest(body: unknown): body is JobRequest {
  return checkRequest(body).length === 0;
}

function parseRequest(body: unknown): JobRequest {
  if (isJobRequest(body)) return body;
  const faults = checkRequest(body);
  const sentence = faults.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; ');
  throw new InferqError('invalid_request', `Not a job: ${sentence}.`, { errors: faults });
}

/** The thin handlers of `/jobs`: read the call, ask one use case, shape the answer. */
export function createJobHandlers(parts: JobHandlerParts) {
  /** A job that the caller may see; everything else is not there. */
  async function find(call: Call, scope: Scope, include?: { input?: boolean }): Promise<StoredJob> {
    const job = await parts.store.read(call.parameters['id'] ?? '', {
      ...include,
      tenant: call.principal.tenant,
    });
    if (!job || authorize(call.principal, scope, { kind: 'job', tenant: job.tenant }) !== 'allowed')
      throw noSuchJob();
    return job;
  }

  const render = (job: StoredJob, include?: Include): Promise<Body> => jobBody(parts.texts, job, include);

  /** The job is kept whatever becomes of the wait: a client that were told to try again would double it. */
  async function awaitAccepted(
    job: StoredJob,
    { seconds, isNoted }: { seconds: number; isNoted: boolean },
    signal: AbortSignal,
  ): Promise<StoredJob> {
    try {
      return (await awaitJob(parts, job, seconds, signal, { isNoted })) ?? job;
    } catch (error) {
      if (isRedisTrouble(error)) return job;
      throw error;
    }
  }

  /** Nor must it look refused because its output cannot be fetched now. */
  async function renderAccepted(
    job: StoredJob,
    current: StoredJob,
  ): Promise<{ shown: StoredJob; body: Body }> {
    try {
      return { shown: current, body: await render(current) };
    } catch (error) {
      if (isTerminal(job.status) || !(error instanceof InferqError)) throw error;
      return { shown: job, body: await render(job) };
    }
  }

  async function submitNew(
    call: Call,
    request: JobRequest,
    idempotencyKey: string | undefined,
    waits: boolean,
  ) {
    const { principal, requestId, traceparent, bodyBytes, inTurn } = call;
    parts.memory.take(bodyBytes);
    const settings = await parts.settingsOf(principal.tenant);
    const rate = await limitRate(parts.limiter, principal.tenant, settings);
    const waiter = waits ? parts.wakeUp.replica : undefined;
    const from = { principal, settings, requestId, traceparent, inTurn };
    const submission = { ...from, idempotencyKey, request, waiter };
    return { job: await withinRate(rate, () => submitJob(parts, submission)), rate };
  }

  const submit: Handler = async (call) => {
    const wait = waitOf(call.query, call.header('prefer'));
    const request = parseRequest(call.body);
    const key = readIdempotencyKey(call.header('idempotency-key'));
    const replay = await findReplay(parts, call.principal.tenant, key, request, call.inTurn);
    const { job, rate } = replay ? { job: replay, rate: {} } : await submitNew(call, request, key, wait > 0);
    // A job that was there before may have ended meanwhile.
    const isNoted = job.revision === 1 && job.run === job.id && !replay && key === undefined;
    const current = wait > 0 ? await awaitAccepted(job, { seconds: wait, isNoted }, call.signal) : job;
    const headers: Record<string, string> = { ...rate, ...applied(wait) };
    const { shown, body } = await renderAccepted(job, current);
    if (isTerminal(shown.status)) return { status: 200, ...body, headers };
    return { status: 202, ...body, headers: { ...headers, location: `${call.base}/jobs/${job.id}` } };
  };

  const get: Handler = async (call) => {
    const included = call.query.getAll('include').join(',');
    const include = readInclude(included);
    const wait = waitOf(call.query, call.header('prefer'));
    const job = await find(call, 'jobs:read', include);
    const current = wait > 0 ? await awaitJob(parts, job, wait, call.signal, include) : job;
    if (!current) throw noSuchJob();
    const etag = etagOf(current, included);
    const headers = { etag, ...applied(wait) };
    if (matchesEtag(call.header('if-none-match'), etag)) return { status: 304, headers };
    return { status: 200, ...(await render(current, include)), headers };
  };

  const list: Handler = async (call) => {
    const { models, limit, cursor, status, errorType, metadata } = readListQuery(call.query);
    const asked = models === undefined ? undefined : splitName(models);
    // Also of models that are not served any more.
    const codes = asked ? [modelCode(asked.name)] : await parts.knownCodes.list();
    const page = await listJobs(
      parts.redis,
      {
        tenant: call.principal.tenant,
        codes,
        metadata,
        ...(isJobStatus(status) ? { status } : {}),
        ...(asked?.version === undefined ? {} : { version: asked.version }),
        ...(errorType === undefined ? {} : { errorType }),
      },
      limit,
      cursor,
    );
    const next = page.next
      ? JSON.stringify(`${call.base}/jobs?${queryAfter(call.query, page.next)}`)
      : 'null';
    const jobs = await Promise.all(page.jobs.map(async (job) => renderJob(await parts.texts.whole(job))));
    return { status: 200, json: `{"data":[${jobs.join(',')}],"next":${next}}` };
  };

  const output: Handler = async (call) => {
    const job = await find(call, 'jobs:read');
    if (job.status !== 'succeeded')
      throw new InferqError('output_not_ready', `The job is ${job.status}: it has no output.`);
    if (job.output === null)
      throw new InferqError('data_removed', 'The output was removed when its retention ran out.');
    return outputAnswer(parts.texts, job.output, readRedirect(valueOf(call.query, 'redirect')));
  };

  const events: Handler = async (call) => {
    const job = await find(call, 'jobs:read');
    const last = await resumePoint(parts, job, call.header('last-event-id'));
    if (hasSeenAll(job, last)) return { status: 204 };
    const stream = Readable.from(jobEvents(parts, job, last, call.signal));
    return {
      status: 200,
      stream,
      // It is UTF-8 in any case, but some clients take Latin-1 unless they are told.
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
    };
  };

  const cancel: Handler = async (call) => ({
    status: 200,
    ...(await render(await cancelJob(parts, await find(call, 'jobs:write')))),
  });

  const retry: Handler = async (call) => {
    const failed = await find(call, 'jobs:write');
    // It costs what a submission costs.
    const rate = await limitRate(parts.limiter, failed.tenant, await parts.settingsOf(failed.tenant));
    const job = await withinRate(rate, () => retryJob(parts, failed));
    return {
      status: 202,
      ...(await render(job)),
      headers: { ...rate, location: `${call.base}/jobs/${job.id}` },
    };
  };

  const deliveries: Handler = async (call) => {
    const job = await find(call, 'jobs:read');
    return { status: 200, value: { data: await parts.deliveries.list(job.id), next: null } };
  };

  const sendAgain: Handler = async (call) => {
    const job = await find(call, 'jobs:write');
    const record = await redeliver(parts, job, call.parameters['delivery'] ?? '');
    if (!record)
      throw new InferqError('not_found', 'The job has no delivery with this id that can be sent again.');
    return { status: 202, value: record };
  };

  return { submit, get, list, output, events, cancel, retry, deliveries, redeliver: sendAgain };
}

/** RFC 7240: a preference that was heeded is named in the answer. */
function applied(wait: number): Record<string, string> {
  return wait > 0 ? { 'preference-applied': `wait=${wait}` } : {};
}

function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  // The IETF draft has a structured string; most clients send it bare.
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (key.length >= 1 && key.length <= 255) return key;
  throw new InferqError('invalid_request', 'Idempotency-Key must have 1 to 255 characters.');
}
