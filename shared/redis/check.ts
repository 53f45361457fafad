import { messageOf } from '../errors.ts';
import { connect, PATIENT } from './connection.ts';

/** The first version with GETDEL and COPY, and the one that BullMQ recommends. */
const OLDEST = [6, 2];

/** Whether a role can begin: Redis answers and is new enough. Throws an Error that says what to do. */
export async function checkRedis(url: string): Promise<void> {
  const redis = connect(url, { ...PATIENT, retryStrategy: stopAfterThree });
  let reason = 'no answer';
  redis.on('error', (error) => (reason = messageOf(error)));
  try {
    const info = await redis.info('server');
    const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? '0';
    if (isOlder(version))
      throw new Error(
        `Redis at ${withoutPassword(url)} is ${version}; inferq needs ${OLDEST.join('.')} or later.`,
      );
  } catch (error) {
    const message = messageOf(error);
    if (message.includes('inferq needs')) throw error;
    throw new Error(
      `Cannot reach Redis at ${withoutPassword(url)}: ${reason}. Start it, or set REDIS_URL to where it is.`,
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
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
