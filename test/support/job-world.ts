import { randomBytes } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import { cacheKey } from '../../shared/cache-key.ts';
import type { ModelSpec } from '../../shared/model.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import type { Admission, JobStore, Outcome, Price, StartedRun } from '../../shared/ports.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { createJobStore } from '../../shared/redis/job-store.ts';
import { keyPrefix, modelCode, newJobId } from '../../shared/redis/keys.ts';
import type { JobSpec, StoredJob } from '../../shared/stored-job.ts';

export interface SubmitOptions extends Partial<JobSpec> {
  tenant?: string;
  input?: unknown;
  id?: string;
  waiter?: string;
  price?: Price;
  /** BullMQ gets it in the same step. */
  handOver?: boolean;
}

let count = 0;

/** A model of its own in a Redis that others use too, with the store's operations made short. */
export function createJobWorld(
  connection: RedisConnection,
  more = '',
  store: JobStore = createJobStore(connection),
) {
  const model = makeModel(more);
  const code = modelCode(model.name);
  const prefix = keyPrefix(code);
  const mostOfTenant = model.queue.max_depth_per_tenant;

  async function submit(options: SubmitOptions = {}): Promise<{ id: string; admission: Admission }> {
    const {
      tenant = 'acme',
      input = { n: count++ },
      waiter,
      price = {},
      handOver = false,
      id = newId(code),
      ...given
    } = options;
    const spec: JobSpec = {
      mode: 'use',
      priority: 'normal',
      subject: 's',
      request_id: 'r',
      weight: 1,
      ...given,
    };
    const key = spec.mode === 'bypass' ? undefined : cacheKey(model, tenant, input);
    const text = JSON.stringify(input);
    const admission = await store.admit({
      id,
      tenant,
      model,
      spec,
      input: text,
      cacheKey: key,
      mostOfTenant,
      waiter,
      price,
      handOver,
    });
    return { id, admission };
  }

  async function start(run: string): Promise<StartedRun> {
    const started = await store.start(run, 'worker');
    if (!started) throw new Error(`Nobody waits for ${run}`);
    return started;
  }

  async function read(id: string): Promise<StoredJob> {
    const job = await store.read(id, { input: true });
    if (!job) throw new Error(`There is no ${id}`);
    return job;
  }

  const settle = (run: StartedRun, outcome: Outcome) => store.settle(run.run, run.token, outcome);
  const keys = (): Promise<string[]> => keysOf(connection, prefix);

  return {
    connection,
    store,
    model,
    code,
    prefix,
    submit,
    start,
    read,
    settle,
    status: async (id: string) => (await read(id)).status,
    retry: async (id: string, price?: Price) => store.retry(await read(id), model, mostOfTenant, price),
    succeed: (run: StartedRun, output: unknown = { ok: true }, cacheTtlMs = 60_000) =>
      settle(run, {
        kind: 'succeeded',
        output: JSON.stringify(output),
        attempt: '[1,0,1,"succeeded"]',
        cacheTtlMs,
      }),
    fail: (run: StartedRun, kind: 'failed' | 'handover' = 'failed') =>
      settle(run, { kind, error: '{"error_type":"model_error"}', attempt: '[1,0,1,"succeeded"]' }),
    putBack: (run: StartedRun, counts = true) =>
      settle(run, { kind: 'putback', attempt: '[1,0,1,"succeeded"]', counts }),
    /** Lets the time pass until after a job's ttl, for this job alone. */
    async runOut(id: string): Promise<void> {
      await connection.hset(`${prefix}job:${id}`, 'deadline', 1);
      await connection.zadd(`${prefix}due`, 'XX', 1, id);
    },
    /** As a restart or an eviction does; ioredis does not know of it. */
    async forgetScripts(): Promise<void> {
      await Promise.all(nodesOf(connection).map((node) => node.script('FLUSH')));
    },
    /** The model's keys, without what all of them begin with. */
    keys,
    /** What is left of a model's indexes and counters, which must be nothing when no job is under way. */
    async traces(): Promise<string[]> {
      const lasting = [
        'job:',
        'data:',
        'cache:',
        'list:',
        'events:',
        'state',
        'waiting:',
        'outbox',
        'usage:',
        'charges',
        'failed',
      ];
      return (await keys()).filter((key) => !lasting.some((name) => key.startsWith(name)));
    },
  };
}

export type JobWorld = ReturnType<typeof createJobWorld>;

function newId(code: string): string {
  return newJobId(code, Date.now(), randomBytes(16));
}

function makeModel(more: string): ModelSpec {
  const name = `m-${randomBytes(5).toString('hex')}`;
  const text = `models: [{name: ${name}, protocol: json, endpoints: [{url: "http://x"}]${more}}]`;
  const [model] = parseModelFile(text, 'test', {});
  if (!model) throw new Error('The file has no model');
  return model;
}

async function keysOf(connection: RedisConnection, prefix: string): Promise<string[]> {
  const found = await Promise.all(nodesOf(connection).map((node) => node.keys(`${prefix}*`)));
  return found.flat().map((key) => key.slice(prefix.length));
}

/** Some commands speak to one node of a cluster only. */
function nodesOf(connection: RedisConnection): Redis[] {
  return connection instanceof Cluster ? connection.nodes('master') : [connection];
}
