import { messageOf } from '../../shared/errors.ts';
import { ok, warning, type Finding } from './finding.ts';

/**
 * Whether `npm start` can have a Redis here: the one that REDIS_URL names, or a program of its own. On Debian and Ubuntu
 * this unpacks the distribution's own package under `.inferq`, as the start would. Only a warning: a broker elsewhere has
 * its own.
 */
export async function checkRedis(
  redisUrl: string | undefined,
  say: (line: string) => void,
): Promise<Finding> {
  if (redisUrl) return checkNamedRedis(redisUrl);
  const [{ findRedis, NoRedisError }, { debianCache }] = await Promise.all([
    import('../local/redis-binary.ts'),
    import('../local/clone.ts'),
  ]);
  try {
    const { command, version } = await findRedis({ cache: debianCache(), say });
    return ok(`Redis ${version} (${command})`);
  } catch (error) {
    if (!(error instanceof NoRedisError)) throw error;
    return warning('npm start finds no Redis here', messageOf(error));
  }
}

const PATIENCE_MS = 3000;

/** Its value may hold a password: it is in no finding. */
async function checkNamedRedis(url: string): Promise<Finding> {
  const [{ checkRedisUrl }, { checkRedis: check }] = await Promise.all([
    import('../../shared/redis/connection.ts'),
    import('../../shared/redis/check.ts'),
  ]);
  const fault = checkRedisUrl(url);
  if (fault !== undefined) return warning(`REDIS_URL ${fault}`, 'docs/configuration.md has examples');
  try {
    await check(url, undefined, AbortSignal.timeout(PATIENCE_MS));
    return ok('The Redis that REDIS_URL names answers');
  } catch (error) {
    return warning('The Redis that REDIS_URL names is not fit for use', messageOf(error));
  }
}
