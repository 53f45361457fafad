import { createSecretKey, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { readEdgeConfig, type EdgeConfig } from './edge-config.ts';
import { readBlobPlace, type BlobPlace } from './blobs/blob-place.ts';
import { readDiscoveryConfig, type DiscoveryConfig } from './discovery/discovery-config.ts';
import { messageOf } from './errors.ts';
import { readPodPlace, type PodPlace } from './pod-config.ts';
import { readScalingGoals, type ScalingGoals } from './scaling/scaling-goals.ts';
import { processCount, processCountFault } from './processes/process-count.ts';
import { checkRedisUrl } from './redis/connection.ts';
import { DURABILITIES, type Durability } from './redis/durability.ts';
import { readTracingConfig, type TracingConfig } from './tracing-config.ts';
import { createAddressGuard } from './webhooks/address-guard.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every fault of the environment at once, for the person who starts the role. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
  }
}

const MIB = 1024 * 1024;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** What both roles read from the environment. */
export interface RoleConfig {
  host: string;
  metricsPort: number;
  redisUrl: string;
  models: string;
  logLevel: string;
  webhookAllow: string[];
  /** What a 202 must wait for; undefined: the strongest that Redis offers. */
  durability: Durability | undefined;
  /** Undefined: large texts stay in Redis. */
  blobs: BlobPlace | undefined;
  /** Where models are looked for beside the files and the API. */
  discovery: DiscoveryConfig;
  /** Undefined: no traces. */
  tracing: TracingConfig | undefined;
}

/** How JWTs are verified. The secret is a KeyObject: it verifies faster than a text, and no log shows it. */
export interface JwtConfig {
  keys: { secret: KeyObject } | { jwksUri: URL };
  /** Checked where they are set. */
  issuer: string | undefined;
  audience: string | undefined;
  /** The claim that names the tenant. */
  tenantClaim: string;
}

/** What the roles read that may run in several processes. */
interface ProcessesConfig {
  /** How many do the same on this machine, this one included. */
  processes: number;
}

export interface ApiConfig extends RoleConfig, ProcessesConfig {
  port: number;
  /** Undefined: no JWT is accepted. */
  jwt: JwtConfig | undefined;
  edge: EdgeConfig;
  scaling: ScalingGoals;
  /** The most that the body of a request may have, in bytes. */
  maxBody: number;
}

const WORKER_ROLES = ['models', 'webhooks'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

export interface WorkerConfig extends RoleConfig, ProcessesConfig {
  /** What this process does: call models, deliver webhooks. Every worker sweeps. */
  roles: ReadonlySet<WorkerRole>;
  /** How many jobs this process runs at once, of each model. */
  concurrency: number;
  /** Seconds that running jobs have to finish after SIGTERM. */
  drainTimeout: number;
  /** Seconds after which the jobs of a worker that gives no sign of life go to another. */
  lockTime: number;
  /** The most that an output may have, in bytes of JSON. */
  maxOutput: number;
  /** Where it notes how much it runs; undefined: nowhere. */
  pod: PodPlace | undefined;
}

/** Throws a ConfigError with all faults. */
export function readApiConfig(env: Environment): ApiConfig {
  const faults: string[] = [];
  const config = {
    ...readRoleConfig(env, faults),
    processes: readProcesses(env, faults),
    port: readInteger(env, 'PORT', 8080, [0, 65_535], faults),
    jwt: readJwtConfig(env, faults),
    edge: readEdgeConfig(env, faults),
    scaling: readScalingGoals(env, faults),
    maxBody: readInteger(env, 'INFERQ_MAX_BODY', MIB, [1024, 64 * MIB], faults),
  };
  checkPorts(config, faults);
  return checked(config, faults);
}

/** Throws a ConfigError with all faults. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const faults: string[] = [];
  const config = {
    ...readRoleConfig(env, faults),
    processes: readProcesses(env, faults),
    roles: readWorkerRoles(env, faults),
    concurrency: readInteger(env, 'INFERQ_WORKER_CONCURRENCY', 50, [1, 10_000], faults),
    drainTimeout: readInteger(env, 'INFERQ_DRAIN_TIMEOUT', 25, [0, 86_400], faults),
    lockTime: readInteger(env, 'INFERQ_LOCK_TIME', 15, [1, 3600], faults),
    maxOutput: readInteger(env, 'INFERQ_MAX_OUTPUT', 8 * MIB, [1024, 64 * MIB], faults),
    pod: readPodPlace(env, faults),
  };
  return checked(config, faults);
}

/** The configuration, or a ConfigError with all faults. */
export function checked<Config>(config: Config, faults: readonly string[]): Config {
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** The address of a role's listeners. */
export function listeningHost(env: Environment): string {
  return env['HOST'] || '127.0.0.1';
}

/** The file of models, or the folder of them. */
export function modelLocation(env: Environment): string {
  return env['INFERQ_MODELS'] ?? 'models/';
}

/** What every role reads. Adds to `faults` what cannot be used. */
export function readRoleConfig(env: Environment, faults: string[]): RoleConfig {
  const logLevel = env['LOG_LEVEL'] ?? 'info';
  if (!LOG_LEVELS.includes(logLevel))
    faults.push(`LOG_LEVEL is '${logLevel}': it must be one of ${LOG_LEVELS.join(', ')}.`);
  return {
    host: listeningHost(env),
    metricsPort: readInteger(env, 'METRICS_PORT', 9464, [0, 65_535], faults),
    redisUrl: readRedisUrl(env, faults),
    models: modelLocation(env),
    logLevel,
    webhookAllow: readWebhookAllow(env, faults),
    durability: readDurabilityWish(env, faults),
    blobs: readBlobPlace(env, faults),
    discovery: readDiscoveryConfig(env, faults),
    tracing: readTracingConfig(env, faults),
  };
}

/** Else one of the two listeners would find that another program has its port. */
export function checkPorts(
  { port, metricsPort }: { port: number; metricsPort: number },
  faults: string[],
): void {
  if (port === metricsPort && port > 0)
    faults.push(`PORT and METRICS_PORT are both ${port}: each of the two listeners needs its own.`);
}

function readProcesses(env: Environment, faults: string[]): number {
  const text = env['INFERQ_PROCESSES'] || '1';
  const count = processCount(text);
  if (count === undefined) faults.push(processCountFault('INFERQ_PROCESSES', text));
  return count ?? 1;
}

function readWorkerRoles(env: Environment, faults: string[]): Set<WorkerRole> {
  const text = env['INFERQ_WORKER_ROLES'] || WORKER_ROLES.join(',');
  const names = text.split(',').map((name) => name.trim());
  const roles = WORKER_ROLES.filter((role) => names.includes(role));
  if (roles.length !== names.length)
    faults.push(`INFERQ_WORKER_ROLES is '${text}': it must be models, webhooks, or both with a comma.`);
  return new Set(roles);
}

function readWebhookAllow(env: Environment, faults: string[]): string[] {
  const allow = (env['INFERQ_WEBHOOK_ALLOW'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  try {
    createAddressGuard({ allow });
  } catch (error) {
    faults.push(`INFERQ_WEBHOOK_ALLOW cannot be read: ${messageOf(error)}`);
  }
  return allow;
}

function readDurabilityWish(env: Environment, faults: string[]): Durability | undefined {
  const text = env['INFERQ_DURABILITY'];
  if (!text) return undefined;
  const known = DURABILITIES.find((durability) => durability === text);
  if (!known) faults.push(`INFERQ_DURABILITY is '${text}': it must be one of ${DURABILITIES.join(', ')}.`);
  return known;
}

const LEAST_SECRET_BYTES = 32;

function readJwtConfig(env: Environment, faults: string[]): JwtConfig | undefined {
  const { JWT_SECRET: secret, JWKS_URI: uri, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = env;
  const tenantClaim = env['JWT_TENANT_CLAIM'] || 'tenant';
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(tenantClaim))
    faults.push('JWT_TENANT_CLAIM must be printable ASCII without spaces, quotes and backslashes.');
  if (secret && uri) faults.push('JWT_SECRET and JWKS_URI are both set: choose one.');
  const bySecret = secret ? readSecret(secret, faults) : undefined;
  const byUri = uri ? readJwksUri(uri, faults) : undefined;
  const keys = bySecret ?? byUri;
  if (!secret && !uri) {
    for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_TENANT_CLAIM'])
      if (env[name])
        faults.push(`${name} is set, but neither JWT_SECRET nor JWKS_URI is: no JWT would be accepted.`);
  }
  return keys && { keys, issuer: issuer || undefined, audience: audience || undefined, tenantClaim };
}

function readSecret(text: string, faults: string[]): JwtConfig['keys'] | undefined {
  const bytes = Buffer.from(text);
  const fault = text.includes('-----BEGIN')
    ? 'holds a PEM key, which others may know. Publish it as a JWKS and set JWKS_URI instead.'
    : bytes.length < LEAST_SECRET_BYTES
      ? `has ${bytes.length} bytes: it needs at least ${LEAST_SECRET_BYTES}. 'openssl rand -base64 48' makes one.`
      : undefined;
  if (!fault) return { secret: createSecretKey(bytes) };
  faults.push(`JWT_SECRET ${fault}`);
  return undefined;
}

function readJwksUri(text: string, faults: string[]): JwtConfig['keys'] | undefined {
  const uri = URL.parse(text);
  const fault = uri ? jwksUriFault(uri) : 'is not a URL';
  if (uri && !fault) return { jwksUri: uri };
  faults.push(`JWKS_URI ${fault}.`);
  return undefined;
}

function jwksUriFault({ protocol, hostname, username, password }: URL): string | undefined {
  if (username || password) return 'must not hold a user name or a password';
  if (protocol === 'https:') return undefined;
  const isLocal =
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
  if (protocol === 'http:' && isLocal) return undefined;
  return 'must begin with https; http is for this machine only (localhost, 127.0.0.0/8, [::1])';
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

export function readInteger(
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
