import { messageOf } from '../errors.ts';
import { connect, PATIENT, type RedisConnection } from './connection.ts';
import { durabilityFault, guaranteeFor, readOffer, type Durability, type Guarantee } from './durability.ts';

/** The first version with GETDEL and COPY, and the one that BullMQ recommends. */
const OLDEST = [6, 2];

/** Redis answers, but will not do; the message says why. */
class UnfitRedis extends Error {}

/**
 * Whether a role can begin: Redis answers, is new enough and as durable as asked for. Answers what it
 * guarantees of that; throws an Error that says what to do. `signal` is for who does not wait that long.
 */
export async function checkRedis(url: string, wanted?: Durability, signal?: AbortSignal): Promise<Guarantee> {
  const redis = connect(url, { ...PATIENT, retryStrategy: stopAfterThree });
  signal?.addEventListener('abort', () => redis.disconnect());
  let reason = 'no answer';
  redis.on('error', (error) => (reason = messageOf(error)));
  try {
    await checkVersion(redis, withoutPassword(url));
    const offered = await readOffer(redis);
    const fault = durabilityFault(wanted, offered);
    if (fault) throw new UnfitRedis(fault);
    return guaranteeFor(wanted, offered);
  } catch (error) {
    if (error instanceof UnfitRedis) throw error;
    throw new Error(
      `Cannot reach Redis at ${withoutPassword(url)}: ${reason}. Start it, or set REDIS_URL to where it is.`,
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
}

async function checkVersion(redis: RedisConnection, place: string): Promise<void> {
  const version = /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? '0';
  if (isOlder(version))
    throw new UnfitRedis(`Redis at ${place} is ${version}; inferq needs ${OLDEST.join('.')} or later.`);
}

function stopAfterThree(attempt: number): number | null {
  return attempt > 3 ? null : 200 * attempt;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, '//');
}
