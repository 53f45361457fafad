import { JobError } from './errors.ts';
import { hasEnded } from './follow-job.ts';
import { createJobs, createJobsAt, type Options } from './jobs.ts';
import { createModels } from './models.ts';
import type { Failures, Identity, Job, JobRequest, Overview, Readiness } from './schema.ts';
import { createTenants, createTokens, listAudit } from './tenants.ts';
import { createTransport, type ClientOptions } from './transport.ts';
import { createWebhooks } from './webhooks.ts';

export type { ClientOptions };

export interface SubmitOptions extends Options {
  /** The same key never makes a second job within 24 hours. A random one by default. */
  idempotencyKey?: string;
  /** W3C trace context, carried to the model and the webhook. */
  traceparent?: string;
}

/** A job whose output is known to be of a type. */
export type JobWith<Output> = Omit<Job, 'output'> & { output: Output };

/** Seconds that `run` asks the broker to hold the answer of the submission. */
const FIRST_WAIT = 30;
/** Where the jobs of one's own tenant are. */
const OWN = ['jobs'];

/** A client of one broker. It holds no connection; there is nothing to close. */
export function createClient(options: ClientOptions) {
  const transport = createTransport(options);
  const { parse = JSON.parse } = options;
  const own = createJobsAt(OWN, transport, parse);

  function post(
    request: JobRequest,
    { idempotencyKey = randomKey(), traceparent, signal }: SubmitOptions,
    wait: number,
  ) {
    const headers = {
      'idempotency-key': idempotencyKey,
      ...(wait > 0 ? { prefer: `wait=${wait}` } : {}),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    // Under its key the same submission may be sent again and is one job.
    return transport.ask<Job>({
      method: 'POST',
      path: '/jobs',
      body: request,
      headers,
      repeatable: true,
      wait,
      signal,
    });
  }

  async function run<Output = unknown>(
    request: JobRequest,
    runOptions: SubmitOptions = {},
  ): Promise<JobWith<Output>> {
    const submitted = await post(request, runOptions, FIRST_WAIT);
    const job = hasEnded(submitted) ? submitted : await own.wait(submitted.id, runOptions);
    if (!isSuccess<Output>(job)) throw new JobError(job);
    return job;
  }

  return {
    /** Hands over a job. From here on it is not lost; it may have ended already, from the cache. */
    submit: (request: JobRequest, submitOptions: SubmitOptions = {}) => post(request, submitOptions, 0),
    /** Hands over a job and waits until it has succeeded. Throws a JobError where it ends otherwise. */
    run,
    wait: own.wait,
    stream: own.stream,
    cancel: own.cancel,
    retry: own.retry,
    jobs: createJobs(transport, own),
    models: createModels(transport),
    webhooks: createWebhooks(transport),
    tenants: createTenants(transport, parse),
    tokens: createTokens(transport),
    audit: (auditOptions?: Options) => listAudit(transport, auditOptions),
    /** Whom the token stands for, and what it allows. */
    me: ({ signal }: Options = {}) => transport.ask<Identity>({ path: '/me', signal }),
    /** Each model in a line; for admins also the workers and Redis. */
    overview: ({ signal }: Options = {}) => transport.ask<Overview>({ path: '/overview', signal }),
    /** How many of your jobs failed with what, today and yesterday (UTC). */
    failures: async ({ signal }: Options = {}) =>
      (await transport.ask<Failures>({ path: '/failures', signal })).data,
    /** Whether the broker can serve; throws an ApiError with 503 where it cannot. */
    ready: ({ signal }: Options = {}) => transport.ask<Readiness>({ path: '/readyz', signal }),
    /** Throws a ConnectionError where no broker answers. */
    health: ({ signal }: Options = {}) => transport.ask<{ status: string }>({ path: '/healthz', signal }),
  };
}

export type Client = ReturnType<typeof createClient>;

function isSuccess<Output>(job: Job | JobWith<Output>): job is JobWith<Output> {
  return job.status === 'succeeded';
}

/** Not `randomUUID`, which a page that came over plain http has not. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
