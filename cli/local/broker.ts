import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { metricsPort, onModelsPort } from './broker-ports.ts';
import { debianCache } from './clone.ts';
import { keepRole } from './kept-role.ts';
import type { KeptRole } from './kept-role.ts';
import { describeExit } from './process-exit.ts';
import { findRedis } from './redis-binary.ts';
import { startRedis } from './redis-server.ts';
import type { RunningRedis } from './redis-server.ts';
import { modelsEnvironment, roleEnvironment, samePort } from './role-environment.ts';

/** Models and Redis have nothing of their own to finish. */
const NOTHING_TO_DRAIN_MS = 5000;

const TITLES = { models: 'model server', api: 'API', worker: 'worker' } as const;

type RoleName = keyof typeof TITLES;

export interface BrokerOptions {
  root: string;
  /** `.inferq` */
  state: string;
  env: NodeJS.ProcessEnv;
  files: Record<RoleName, string>;
  token: string;
  saveToken: (redisUrl: string, token: string) => Promise<void>;
  say: (line: string) => void;
}

export interface LocalBroker {
  url: string;
  /** Settles, with a line for a person, when a part is gone that cannot be had back. */
  lost: Promise<string>;
  /** Drains API and worker for so many milliseconds at most, then ends the models, then Redis. */
  stop(deadline: number): Promise<void>;
  /** Ends the roles at once; `stop` still has to be waited for. */
  kill(): void;
}

interface Parts {
  redis?: Promise<RunningRedis>;
  models?: Promise<KeptRole>;
  api?: Promise<KeptRole>;
  worker?: Promise<KeptRole>;
}

/** Starts every part; when one fails, stops those that run and throws what it said. */
export async function startBroker(options: BrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  const parts: Parts = {};
  const failed = new AbortController();
  try {
    return await startParts(options, parts, AbortSignal.any([signal, failed.signal]));
  } catch (error) {
    failed.abort();
    await stopParts(parts, NOTHING_TO_DRAIN_MS);
    throw error;
  }
}

async function startParts(options: BrokerOptions, parts: Parts, signal: AbortSignal): Promise<LocalBroker> {
  const { env, root, token } = options;
  const { REDIS_URL: given, METRICS_PORT: metrics } = env;
  const start = (name: RoleName, env: NodeJS.ProcessEnv) => keep(options, name, env, signal);
  if (!given) parts.redis = startPrivateRedis(options);
  parts.models = onModelsPort((port) => start('models', modelsEnvironment(env, port)));
  // Together: the models take a while to load.
  const [redis, models] = await Promise.all([parts.redis, parts.models]);
  const redisUrl = redis?.url ?? given ?? '';
  signal.throwIfAborted();
  await options.saveToken(redisUrl, token);
  const facts = {
    redisUrl,
    modelsUrl: models.url,
    modelFile: join(root, 'examples', 'models', 'models.yaml'),
  };
  const [first, second] = await Promise.all([metricsPort(metrics, 0), metricsPort(metrics, 1)]);
  parts.api = start('api', roleEnvironment(env, facts, first));
  parts.worker = start('worker', roleEnvironment(env, facts, second));
  const [api, worker] = await Promise.all([parts.api, parts.worker]);
  const roles = [api, worker, models];
  return {
    url: api.url,
    lost: Promise.race([...roles.map((role) => role.lost), ...(redis ? [lossOf(redis)] : [])]),
    stop: (deadline) => stopParts(parts, deadline),
    kill: () => roles.forEach((role) => role.kill()),
  };
}

async function startPrivateRedis({ root, state, say }: BrokerOptions): Promise<RunningRedis> {
  const { command, env } = await findRedis({ cache: debianCache(root), say });
  // Others on this machine reach the port as well.
  const password = randomBytes(24).toString('base64url');
  return startRedis({ command, env, dir: join(state, 'redis'), password });
}

function keep(
  { files, state, say }: BrokerOptions,
  role: RoleName,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<KeptRole> {
  const restartEnv = (url: string) => (role === 'worker' ? env : samePort(env, url));
  const log = join(state, 'logs', `${role}.log`);
  return keepRole({ name: TITLES[role], file: files[role], env, log, say, restartEnv }, signal);
}

async function lossOf(redis: RunningRedis): Promise<string> {
  return `Redis died (${describeExit(await redis.exited)}). What it acknowledged is on the disk`;
}

async function stopParts({ redis, models, api, worker }: Parts, deadline: number): Promise<void> {
  await Promise.all([stopPart(api, deadline), stopPart(worker, deadline)]);
  await stopPart(models, NOTHING_TO_DRAIN_MS);
  await stopPart(redis, NOTHING_TO_DRAIN_MS);
}

async function stopPart(
  part: Promise<{ stop(deadline: number): Promise<void> }> | undefined,
  deadline: number,
): Promise<void> {
  // One that failed to start has nothing to stop; its fault is reported by who started it.
  const running = await part?.catch(() => undefined);
  await running?.stop(deadline);
}
