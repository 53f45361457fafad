import { join } from 'node:path';
import { metricsPort, modelsPort, onModelsPort } from './broker-ports.ts';
import { keepRole } from './kept-role.ts';
import type { KeptRole } from './kept-role.ts';
import { modelsEnvironment, roleEnvironment, samePort } from './role-environment.ts';
import { RoleFault } from './role-process.ts';

const TITLES = { models: 'model server', api: 'API', worker: 'worker' } as const;

type RoleName = keyof typeof TITLES;

export interface BrokerRolesOptions {
  root: string;
  /** `.inferq` */
  state: string;
  env: NodeJS.ProcessEnv;
  files: Record<RoleName, string>;
  /** Told one line when a role dies and comes back. */
  say: (line: string) => void;
}

export interface BrokerRoles {
  api: Promise<KeptRole>;
  worker: Promise<KeptRole>;
}

export interface StartingModels {
  /** Where they will most likely be. */
  url: string;
  started: Promise<KeptRole>;
}

export async function startModels(options: BrokerRolesOptions, signal: AbortSignal): Promise<StartingModels> {
  const port = await modelsPort();
  const started = onModelsPort(port, (own) =>
    keep(options, 'models', modelsEnvironment(options.env, own), signal),
  );
  return { url: `http://127.0.0.1:${port}`, started };
}

/** Starts the API once Redis is there, and the worker once the models are as well: it would call them at once. */
export function startRoles(
  options: BrokerRolesOptions,
  { redisUrl, models }: { redisUrl: Promise<string>; models: StartingModels },
  signal: AbortSignal,
): BrokerRoles {
  const { env, root, state } = options;
  const start = async (name: 'api' | 'worker', offset: number, modelsUrl: string) => {
    const facts = { root, state, redisUrl: await redisUrl, modelsUrl };
    const port = await metricsPort(env, offset);
    return keep(options, name, roleEnvironment(env, facts, port), signal);
  };
  const startApi = async () => {
    const early = await start('api', 0, models.url);
    const url = await models.started.then(
      (role) => role.url,
      () => models.url,
    );
    if (url === models.url) return early;
    // Another program has taken the port meanwhile.
    await early.stop(0);
    return start('api', 0, url);
  };
  return { api: startApi(), worker: models.started.then(({ url }) => start('worker', 1, url)) };
}

/** Both, once they serve. Each knows its part of the configuration: all that is wrong with it is said at once. */
export async function bothReady({ api, worker }: BrokerRoles): Promise<[KeptRole, KeptRole]> {
  const faults = (await Promise.allSettled([api, worker])).flatMap(faultLines);
  if (faults.length > 0) throw new RoleFault([...new Set(faults)].join('\n'));
  return Promise.all([api, worker]);
}

function faultLines(result: PromiseSettledResult<unknown>): string[] {
  if (result.status === 'fulfilled') return [];
  const reason: unknown = result.reason;
  return (reason instanceof Error ? reason.message : String(reason)).split('\n');
}

function keep(
  { files, state, say }: BrokerRolesOptions,
  role: RoleName,
  roleEnv: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<KeptRole> {
  // With it Node needs not read its sources again, nor the 16 MiB that removes types from them.
  const env = { NODE_COMPILE_CACHE: join(state, 'compile-cache'), ...roleEnv };
  const restartEnv = (url: string) => (role === 'worker' ? env : samePort(env, url));
  const log = join(state, 'logs', `${role}.log`);
  // API and worker find the same fault in a model file: one of them is enough to hear it from.
  const notices = role === 'api' ? { onNotice: say } : {};
  return keepRole({ name: TITLES[role], file: files[role], env, log, say, restartEnv, ...notices }, signal);
}
