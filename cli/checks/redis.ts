import { messageOf } from '../../shared/errors.ts';
import { ok, warning, type Finding } from './finding.ts';

/**
 * Whether `npm start` can have a Redis here; on Debian and Ubuntu this unpacks the distribution's own package under
 * `.inferq`, as the start would. Only a warning: a broker elsewhere has its own.
 */
export async function checkRedis(
  redisUrl: string | undefined,
  say: (line: string) => void,
): Promise<Finding> {
  // Its value may hold a password.
  if (redisUrl)
    return ok('Redis is the one that REDIS_URL names; whether it answers is for the broker to say');
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
