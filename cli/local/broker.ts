import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { bothReady, startModels, startRoles } from './broker-roles.ts';
import type { BrokerRoles, BrokerRolesOptions } from './broker-roles.ts';
import { debianCache } from './clone.ts';
import type { KeptRole } from './kept-role.ts';
import { describeExit } from './process-exit.ts';
import { findRedis } from './redis-binary.ts';
import { startRedis } from './redis-server.ts';
import type { RunningRedis } from './redis-server.ts';
import type { TokenToSave } from './token-saver.ts';

/** Models and Redis have nothing of their own to finish. */
const NOTHING_TO_DRAIN_MS = 5000;

export interface BrokerOptions extends BrokerRolesOptions {
  token: string;
  saveToken: (token: TokenToSave, signal: AbortSignal) => Promise<void>;
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

interface Parts extends Partial<BrokerRoles> {
  redis?: Promise<RunningRedis>;
  models?: Promise<KeptRole>;
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
  const { REDIS_URL: given } = options.env;
  if (!given) parts.redis = startPrivateRedis(options);
  const redisUrl = parts.redis ? parts.redis.then(({ url }) => url) : Promise.resolve(given ?? '');
  const saved = redisUrl.then((url) => saveToken(options, url, signal));
  // Looked at later, as the roles are: of a wrong configuration they say more than a client of Redis does.
  saved.catch(() => undefined);
  // At the same time: the models take a while to load.
  const starting = await startModels(options, signal);
  parts.models = starting.started;
  const roles = startRoles(options, { redisUrl, models: starting }, signal);
  Object.assign(parts, roles);
  for (const role of [roles.api, roles.worker]) role.catch(() => undefined);
  const [models] = await Promise.all([parts.models, redisUrl]);
  const [api, worker] = await bothReady(roles);
  await saved;
  const all = [api, worker, models];
  return {
    url: api.url,
    lost: Promise.race([...all.map((role) => role.lost), ...(parts.redis ? [lossOf(parts.redis)] : [])]),
    stop: (deadline) => stopParts(parts, deadline),
    kill: () => all.forEach((role) => role.kill()),
  };
}

async function startPrivateRedis({ root, state, say }: BrokerOptions): Promise<RunningRedis> {
  const { command, env } = await findRedis({ cache: debianCache(root), say });
  // Others on this machine reach the port as well.
  const password = randomBytes(24).toString('base64url');
  return startRedis({ command, env, dir: join(state, 'redis'), password });
}

function saveToken(options: BrokerOptions, redisUrl: string, signal: AbortSignal): Promise<void> {
  const log = join(options.state, 'logs', 'token.log');
  return options.saveToken({ redisUrl, token: options.token, log }, signal);
}

async function lossOf(redis: Promise<RunningRedis>): Promise<string> {
  const { exited } = await redis;
  return `Redis died (${describeExit(await exited)}). What it acknowledged is on the disk: npm start goes on from there.`;
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
