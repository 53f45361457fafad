import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { RunningRedis } from '../../cli/local/redis-server.ts';
import { startRole, type RoleProcess } from '../../cli/local/role-process.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import type { Job } from '../../shared/job.ts';
import { saveDevelopmentToken } from '../../shared/redis/development-token.ts';
import type { Scope } from './scope.ts';
import { createSlots } from './slots.ts';

const ROOT = path.join(import.meta.dirname, '../..');
/** With the time that a test waits for its turn on a busy machine. */
const TEST_MS = 10 * 60_000;
export const TOKEN = 'ifq_test-token';

export interface BrokerOptions {
  /** Models as in a model file; defaults are filled in. */
  models: Record<string, unknown>[];
  workers?: number;
  apis?: number;
  env?: Record<string, string>;
  /** One of the test's own, which it stops itself. */
  redis?: RunningRedis;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
}

export interface TestBroker {
  url: string;
  urls: string[];
  redisUrl: string;
  redis: RunningRedis;
  modelFile: string;
  workers: RoleProcess[];
  apis: RoleProcess[];
  startWorker(env?: Record<string, string>): Promise<RoleProcess>;
  startApi(env?: Record<string, string>): Promise<RoleProcess>;
  request(path: string, init?: RequestInit & { json?: unknown }): Promise<Answered>;
  /** Submits and waits for the end. */
  run(job: Record<string, unknown>, headers?: Record<string, string>): Promise<Job>;
  submit(job: Record<string, unknown>, headers?: Record<string, string>): Promise<Job>;
  job(id: string, query?: string): Promise<Job>;
}

/** A broker is four processes: a file that starts all of its own at once starves them, and others. */
const slots = createSlots(2);

/** A whole broker of real processes on free ports, which goes with the test. */
export async function startTestBroker(t: Scope, options: BrokerOptions): Promise<TestBroker> {
  t.timeout?.(TEST_MS);
  t.teardown(await slots.take());
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-test-'));
  const redis = options.redis ?? (await startTemporaryRedis());
  const modelFile = path.join(folder, 'models.yaml');
  await writeFile(modelFile, stringify({ models: options.models }));
  await saveDevelopmentToken(redis.url, TOKEN);
  const roles: RoleProcess[] = [];
  // A test may end, or fail, while one of its roles is still starting.
  const ending = new AbortController();
  const start = async (
    name: string,
    file: string,
    env: Record<string, string> = {},
  ): Promise<RoleProcess> => {
    const role = await startRole(
      {
        name,
        file: path.join(ROOT, file, 'index.ts'),
        log: path.join(folder, `${name}-${roles.length}.log`),
        env: { ...process.env, ...roleEnvironment(redis.url, modelFile), ...options.env, ...env },
      },
      ending.signal,
    );
    roles.push(role);
    if (ending.signal.aborted) role.kill();
    return role;
  };
  t.teardown(async () => {
    ending.abort();
    await Promise.all(roles.map((role) => role.stop(10_000)));
    if (!options.redis) await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const apis = await Promise.all(Array.from({ length: options.apis ?? 1 }, () => start('api', 'api')));
  const workers = await Promise.all(
    Array.from({ length: options.workers ?? 1 }, () => start('worker', 'workers')),
  );
  const startWorker = (env?: Record<string, string>): Promise<RoleProcess> => start('worker', 'workers', env);
  const startApi = (env?: Record<string, string>): Promise<RoleProcess> => start('api', 'api', env);
  const urls = apis.map((api) => api.url);
  return {
    url: urls[0] ?? '',
    urls,
    redisUrl: redis.url,
    redis,
    modelFile,
    apis,
    workers,
    startWorker,
    startApi,
    ...createClient(urls[0] ?? ''),
  };
}

function roleEnvironment(redisUrl: string, modelFile: string): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    INFERQ_MODELS: modelFile,
    INFERQ_WEBHOOK_ALLOW: '127.0.0.0/8',
    PORT: '0',
    HOST: '127.0.0.1',
    METRICS_PORT: '0',
    INFERQ_DRAIN_TIMEOUT: '1',
    LOG_LEVEL: 'debug',
  };
}

/** An HTTP client with the test's token. */
export function createClient(url: string): Pick<TestBroker, 'request' | 'run' | 'submit' | 'job'> {
  const request: TestBroker['request'] = async (where, { json, ...init } = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TOKEN}`);
    if (json !== undefined) headers.set('content-type', 'application/json');
    const body = json === undefined ? init.body : JSON.stringify(json);
    const response = await fetch(url + where, { ...init, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  };
  const submit: TestBroker['submit'] = async (job, headers = {}) => {
    // Repeating it is safe: on a starved machine Redis' answer may come later than a client is promised one.
    const keyed = { 'idempotency-key': randomUUID(), ...headers };
    return asJob(await patiently(() => request('/jobs', { method: 'POST', json: job, headers: keyed })));
  };
  return {
    request,
    submit,
    run: (job, headers = {}) => submit(job, { prefer: 'wait=30', ...headers }),
    job: async (id, query = '') => asJob(await patiently(() => request(`/jobs/${id}${query}`))),
  };
}

/** As a client should: what is told to come back does. */
async function patiently(ask: () => Promise<Answered>): Promise<Answered> {
  for (let tries = 1; ; tries++) {
    const answered = await ask();
    if (tries === MOST_TRIES || Object(answered.body).error_type !== 'redis_unavailable') return answered;
    await sleep(1000);
  }
}

const MOST_TRIES = 20;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asJob({ status, body, text }: Answered): Job {
  if (isJob(body)) return body;
  throw new Error(`The broker answered ${status}: ${text}`);
}

function isJob(body: unknown): body is Job {
  return typeof body === 'object' && body !== null && 'status' in body && 'urls' in body;
}

/** A model of protocol `json` at this address, quick to give up. */
export function jsonModel(
  name: string,
  url: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { name, protocol: 'json', endpoints: [{ url }], retry: { attempts: 1, backoff: 0 }, ...more };
}
