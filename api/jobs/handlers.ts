import { Readable } from 'node:stream';
import { InferqError } from '../../shared/errors.ts';
import { isJobStatus, isTerminal } from '../../shared/job-status.ts';
import { compileSchema } from '../../shared/json-schema.ts';
import { JobRequest } from '../../shared/job.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import type { DeliveryLog } from '../../shared/redis/delivery-log.ts';
import { listJobs } from '../../shared/redis/job-list.ts';
import type { Scope } from '../../shared/principal.ts';
import type { RateLimiter } from '../../shared/redis/rate-limiter.ts';
import { renderJob, type StoredJob } from '../../shared/stored-job.ts';
import { authorize, noSuchJob } from '../auth/authorize.ts';
import type { Answer, Call } from '../http/route.ts';
import { waitOf } from '../http/wait.ts';
import { limitRate } from '../tenants/rate-limit.ts';
import { awaitJob } from './await-job.ts';
import { cancelJob } from './cancel-job.ts';
import { jobEvents, resumePoint, type EventsParts } from './job-events.ts';
import { etagOf, readInclude } from './job-view.ts';
import { formatCursor, readListQuery } from './list-query.ts';
import { retryJob } from './retry-job.ts';
import { submitJob, type SubmitParts } from './submit-job.ts';

export interface JobHandlerParts extends SubmitParts, EventsParts {
  redis: RedisConnection;
  deliveries: DeliveryLog;
  limiter: RateLimiter;
}

type Handler = (call: Call) => Promise<Answer>;

const checkRequest = compileSchema(JobRequest, { strict: true });

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
    const job = await parts.store.read(call.parameters['id'] ?? '', include);
    if (!job || authorize(call.principal, scope, { kind: 'job', tenant: job.tenant }) !== 'allowed')
      throw noSuchJob();
    return job;
  }

  const submit: Handler = async (call) => {
    const wait = waitOf(call.query, call.header('prefer'));
    const settings = await parts.settingsOf(call.principal.tenant);
    const rate = await limitRate(parts.limiter, call.principal.tenant, settings);
    const job = await submitJob(parts, {
      principal: call.principal,
      settings,
      requestId: call.requestId,
      traceparent: call.traceparent,
      idempotencyKey: readIdempotencyKey(call.header('idempotency-key')),
      request: parseRequest(call.body),
      waiter: wait > 0 ? parts.wakeUp.replica : undefined,
    });
    const current = wait > 0 ? ((await awaitJob(parts, job, wait, call.signal)) ?? job) : job;
    const headers: Record<string, string> =
      wait > 0 ? { ...rate, 'preference-applied': `wait=${wait}` } : rate;
    if (isTerminal(current.status)) return { status: 200, json: renderJob(current), headers };
    return { status: 202, json: renderJob(current), headers: { ...headers, location: `/jobs/${job.id}` } };
  };

  const get: Handler = async (call) => {
    const include = readInclude(call.query.get('include'));
    const wait = waitOf(call.query, call.header('prefer'));
    const job = await find(call, 'jobs:read', include);
    const current = wait > 0 ? await awaitJob(parts, job, wait, call.signal, include) : job;
    if (!current) throw noSuchJob();
    const etag = etagOf(current, call.query.get('include'));
    if (call.header('if-none-match') === etag) return { status: 304, headers: { etag } };
    return { status: 200, json: renderJob(current, include), headers: { etag } };
  };

  const list: Handler = async (call) => {
    const { models, limit, cursor, status, metadata } = readListQuery(call.query);
    const [name, version] = models?.split('@') ?? [];
    const chosen = parts.registry.list().filter(({ spec }) => !name || spec.name === name);
    const codes = new Set(chosen.map(({ code }) => code));
    const page = await listJobs(
      parts.redis,
      {
        tenant: call.principal.tenant,
        codes: [...codes],
        metadata,
        ...(isJobStatus(status) ? { status } : {}),
        ...(version ? { version } : {}),
      },
      limit,
      cursor,
    );
    const next = page.next ? JSON.stringify(nextPath(call.query, formatCursor(page.next))) : 'null';
    return {
      status: 200,
      json: `{"data":[${page.jobs.map((job) => renderJob(job)).join(',')}],"next":${next}}`,
    };
  };

  const output: Handler = async (call) => {
    const job = await find(call, 'jobs:read');
    if (job.dataRemoved)
      throw new InferqError('data_removed', 'The output was removed when its retention ran out.');
    if (job.output === null)
      throw new InferqError('output_not_ready', `The job is ${job.status}: it has no output.`);
    return { status: 200, json: job.output };
  };

  const events: Handler = async (call) => {
    const job = await find(call, 'jobs:read');
    const last = await resumePoint(parts, job, call.header('last-event-id'));
    const stream = Readable.from(jobEvents(parts, job, last, call.signal));
    return {
      status: 200,
      stream,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    };
  };

  const cancel: Handler = async (call) => ({
    status: 200,
    json: renderJob(await cancelJob(parts, await find(call, 'jobs:write'))),
  });

  const retry: Handler = async (call) => {
    const job = await retryJob(parts, await find(call, 'jobs:write'));
    return { status: 202, json: renderJob(job), headers: { location: `/jobs/${job.id}` } };
  };

  const deliveries: Handler = async (call) => {
    const job = await find(call, 'jobs:read');
    return { status: 200, value: { data: await parts.deliveries.list(job.id), next: null } };
  };

  return { submit, get, list, output, events, cancel, retry, deliveries };
}

function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  // The IETF draft has a structured string; most clients send it bare.
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (key.length >= 1 && key.length <= 255) return key;
  throw new InferqError('invalid_request', 'Idempotency-Key must have 1 to 255 characters.');
}

function nextPath(query: URLSearchParams, cursor: string): string {
  const next = new URLSearchParams(query);
  next.set('cursor', cursor);
  return `/jobs?${next.toString()}`;
}
