import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SignJWT } from 'jose';
import { stringify } from 'yaml';
import type { RunningRedis } from '../cli/local/redis-server.ts';
import { startRole, type RoleProcess } from '../cli/local/role-process.ts';
import { startTemporaryRedis } from '../cli/local/temporary-redis.ts';
import { INPUT_SCHEMA, JWT_SECRET, REDIS_SETTINGS } from './settings.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** Where things run that are measured: it ends them all. */
export interface Bed {
  ends: (() => Promise<unknown>)[];
}

/** The broker as it is deployed: its own entry points, over a Redis of its own. */
export interface Broker {
  api: RoleProcess;
  redis: RunningRedis;
  worker: RoleProcess | undefined;
  startWorker(): Promise<RoleProcess>;
}

export interface BrokerOptions {
  models: object[];
  worker?: boolean;
  redis?: RunningRedis;
  /** Besides the usual ones. */
  env?: Record<string, string>;
  onNotice?: (text: string) => void;
}

export async function startBenchRedis(bed: Bed, settings: object = {}): Promise<RunningRedis> {
  const redis = await startTemporaryRedis({ settings: { ...REDIS_SETTINGS, ...settings } });
  bed.ends.push(redis.stop);
  return redis;
}

export async function startBroker(bed: Bed, options: BrokerOptions): Promise<Broker> {
  const redis = options.redis ?? (await startBenchRedis(bed));
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-bench-'));
  bed.ends.push(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'models.yaml');
  await writeFile(file, stringify({ models: options.models }, { aliasDuplicateObjects: false }));
  const notices = options.onNotice ? { onNotice: options.onNotice } : {};
  const start = async (name: string, entry: string): Promise<RoleProcess> => {
    const env = { ...process.env, ...environment(redis.url, file), ...options.env };
    const log = path.join(folder, `${name}.log`);
    const role = await startRole(
      { name, file: path.join(ROOT, entry), log, env, ...notices },
      new AbortController().signal,
    );
    bed.ends.push(() => role.stop(3000));
    return role;
  };
  const api = await start('api', 'api/index.ts');
  const startWorker = () => start('worker', 'workers/index.ts');
  return { api, redis, startWorker, worker: options.worker ? await startWorker() : undefined };
}

function environment(redisUrl: string, models: string): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    INFERQ_MODELS: models,
    JWT_SECRET,
    PORT: '0',
    HOST: '127.0.0.1',
    METRICS_PORT: '0',
    INFERQ_DRAIN_TIMEOUT: '0',
    LOG_LEVEL: 'info',
  };
}

/** A model that takes as much as is sent; nothing else of it is out of the ordinary. */
export function benchModel(name: string, url: string, more: object = {}): object {
  return {
    name,
    protocol: 'json',
    endpoints: [{ url }],
    input_schema: INPUT_SCHEMA,
    cache: { ttl: 3600, scope: 'tenant' },
    concurrency: 1000,
    queue: { max_depth: 10_000_000, max_depth_per_tenant: 10_000_000 },
    ...more,
  };
}

/** The headers of a client of this tenant. */
export async function bearer(tenant = 'bench'): Promise<Record<string, string>> {
  const token = await new SignJWT({ tenant, scope: 'jobs:write jobs:read models:read models:write admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('benchmark')
    .setExpirationTime('2h')
    .sign(Buffer.from(JWT_SECRET));
  return { authorization: `Bearer ${token}` };
}

/** A submission of 1 KB that is like no other. */
export function jobText(model: string): string {
  return JSON.stringify({ model, input: { text: `@@@@@@@@@@@@ ${'lorem ipsum '.repeat(78)}` } });
}

export async function endBed({ ends }: Bed): Promise<void> {
  for (const end of ends.toReversed()) await end().catch(() => undefined);
}
