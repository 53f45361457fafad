import { checkRedisUrl } from './redis/connection.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every fault of the environment at once, for the person who starts the role. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
  }
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** What both roles read from the environment. */
export interface RoleConfig {
  host: string;
  metricsPort: number;
  redisUrl: string;
  models: string;
  logLevel: string;
  webhookAllow: string[];
}

export interface ApiConfig extends RoleConfig {
  port: number;
}

export interface WorkerConfig extends RoleConfig {
  /** How many jobs this process runs at once, of each model. */
  concurrency: number;
  /** Seconds that running jobs have to finish after SIGTERM. */
  drainTimeout: number;
  /** Seconds after which the jobs of a worker that gives no sign of life go to another. */
  lockTime: number;
}

/** Throws a ConfigError with all faults. */
export function readApiConfig(env: Environment): ApiConfig {
  const faults: string[] = [];
  const config = {
    ...readRoleConfig(env, faults),
    port: readInteger(env, 'PORT', 8080, [0, 65_535], faults),
  };
  return checked(config, faults);
}

/** Throws a ConfigError with all faults. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const faults: string[] = [];
  const config = {
    ...readRoleConfig(env, faults),
    concurrency: readInteger(env, 'INFERQ_WORKER_CONCURRENCY', 50, [1, 10_000], faults),
    drainTimeout: readInteger(env, 'INFERQ_DRAIN_TIMEOUT', 25, [0, 86_400], faults),
    lockTime: readInteger(env, 'INFERQ_LOCK_TIME', 30, [1, 3600], faults),
  };
  return checked(config, faults);
}

function checked<Config>(config: Config, faults: readonly string[]): Config {
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function readRoleConfig(env: Environment, faults: string[]): RoleConfig {
  const logLevel = env['LOG_LEVEL'] ?? 'info';
  if (!LOG_LEVELS.includes(logLevel))
    faults.push(`LOG_LEVEL is '${logLevel}': it must be one of ${LOG_LEVELS.join(', ')}.`);
  return {
    host: env['HOST'] ?? '127.0.0.1',
    metricsPort: readInteger(env, 'METRICS_PORT', 9464, [0, 65_535], faults),
    redisUrl: readRedisUrl(env, faults),
    models: env['INFERQ_MODELS'] ?? 'models/',
    logLevel,
    webhookAllow: (env['INFERQ_WEBHOOK_ALLOW'] ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  };
}

function readRedisUrl(env: Environment, faults: string[]): string {
  const url = env['REDIS_URL'];
  if (!url) {
    faults.push('REDIS_URL is not set: say where Redis is, for example redis://127.0.0.1:6379.');
    return '';
  }
  const fault = checkRedisUrl(url);
  if (fault) faults.push(`REDIS_URL ${fault}.`);
  return url;
}

function readInteger(
  env: Environment,
  name: string,
  fallback: number,
  [least, most]: readonly [number, number],
  faults: string[],
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  faults.push(`${name} is '${text}': it must be a whole number from ${least} to ${most}.`);
  return fallback;
}
