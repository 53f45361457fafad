import { Cluster, Redis } from 'ioredis';

/** A connection to Redis, single or to a cluster. */
export type RedisConnection = Redis | Cluster;

const SCHEMES = new Set(['redis:', 'rediss:', 'redis+sentinel:', 'redis+cluster:']);

/** Says what is wrong with a REDIS_URL, or nothing. */
export function checkRedisUrl(text: string): string | undefined {
  const [scheme, rest] = splitScheme(text);
  if (!SCHEMES.has(scheme))
    return 'must begin with redis://, rediss://, redis+sentinel:// or redis+cluster://';
  if (scheme === 'redis+sentinel:' && !/^[^/]+\/[^/]+/.test(rest))
    return 'must name the master: redis+sentinel://h1,h2/name';
  if (hosts(rest).some(({ host, port }) => !host || !Number.isInteger(port)))
    return 'has a host or port that cannot be read';
  return undefined;
}

/**
 * Connects to what a REDIS_URL names: `redis://`, `rediss://` (TLS), `redis+sentinel://h1,h2/name`,
 * `redis+cluster://h1,h2`.
 */
export function connect(url: string, manner: Manner): RedisConnection {
  const [scheme, rest] = splitScheme(url);
  switch (scheme) {
    case 'redis+cluster:':
      return new Cluster(hosts(rest), {
        redisOptions: { ...forClusterNodes(manner), ...credentials(rest) },
        enableOfflineQueue: manner.enableOfflineQueue,
        clusterRetryStrategy: manner.retryStrategy,
      });
    case 'redis+sentinel:':
      return new Redis({
        ...manner,
        ...credentials(rest),
        sentinels: hosts(rest, 26_379),
        name: rest.slice(rest.indexOf('/') + 1),
      });
    default:
      return new Redis(url, manner);
  }
}

/** Until it can be used: what fails fast would refuse its first commands. */
export async function untilReady(redis: RedisConnection): Promise<void> {
  if (redis.status !== 'ready') await new Promise<void>((resolve) => redis.once('ready', () => resolve()));
}

// A partition says nothing: who has no answer for so long takes the connection for dead (`socketTimeout`, below).
const WHEN_AWAY = {
  connectTimeout: 2000,
  sentinelCommandTimeout: 2000,
  retryStrategy: (attempt: number): number | null => Math.min(50 * attempt, 1000),
};

/** After a failover a connection may have stayed with the former master: it is made anew, to whoever is master. */
function isDemoted({ message }: Error): boolean {
  return /^(READONLY|UNBLOCKED)\b/.test(message);
}

/** For what answers clients: no queueing while Redis is away, no resending. With `limitCommands` it fails in time. */
export const FAIL_FAST = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  socketTimeout: 5000,
  reconnectOnError: (error: Error) => isDemoted(error) && 1,
  ...WHEN_AWAY,
} as const;

/** For what works in the background: waits as long as it takes, as BullMQ's workers ask for. */
export const PATIENT = {
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  // Twice as long as the longest that BullMQ's workers let Redis block.
  socketTimeout: 20_000,
  reconnectOnError: (error: Error) => isDemoted(error) && 2,
  ...WHEN_AWAY,
} as const;

type Manner = typeof FAIL_FAST | typeof PATIENT;

// ioredis has these two for the cluster as a whole.
function forClusterNodes(manner: Manner): Omit<Manner, 'enableOfflineQueue' | 'retryStrategy'> {
  const { enableOfflineQueue: _queue, retryStrategy: _strategy, ...options } = manner;
  return options;
}

function splitScheme(url: string): [string, string] {
  const at = url.indexOf('//');
  return [url.slice(0, at), url.slice(at + 2)];
}

function hosts(rest: string, defaultPort = 6379): { host: string; port: number }[] {
  const authority = rest.split('/', 1)[0] ?? '';
  return authority
    .slice(authority.lastIndexOf('@') + 1)
    .split(',')
    .map((entry) => {
      const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      return { host, port: port ? Number(port) : defaultPort };
    });
}

function credentials(rest: string): { username?: string; password?: string } {
  const authority = rest.split('/', 1)[0] ?? '';
  const at = authority.lastIndexOf('@');
  if (at < 0) return {};
  const [username = '', password = ''] = authority.slice(0, at).split(':').map(decodeURIComponent);
  return { ...(username ? { username } : {}), password };
}
