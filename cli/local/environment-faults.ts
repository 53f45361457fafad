import type { Environment } from '../../shared/config.ts';
import { roleEnvironment } from './role-environment.ts';
import type { BrokerFacts } from './role-environment.ts';

/** All that is wrong with the environment: a fault that is known, and what API and worker would say. Starts neither. */
export async function environmentFaults(
  known: string,
  env: NodeJS.ProcessEnv,
  folders: Pick<BrokerFacts, 'root' | 'state'>,
): Promise<string[]> {
  // They bring much along, which a start without faults leaves to the roles.
  const [{ readApiConfig, readWorkerConfig }, { startFaults }] = await Promise.all([
    import('../../shared/config.ts'),
    import('../../shared/start-faults.ts'),
  ]);
  const redisUrl = env['REDIS_URL'] || 'redis://127.0.0.1';
  const facts = { ...folders, redisUrl, modelsUrl: 'http://127.0.0.1' };
  const ofRoles = roleEnvironment(env, facts, env['METRICS_PORT'] ?? '0');
  const faults = [readApiConfig, readWorkerConfig].flatMap((read) => thrownBy(read, ofRoles));
  return startFaults([known, ...faults], ofRoles);
}

function thrownBy(read: (env: Environment) => unknown, env: Environment): unknown[] {
  try {
    read(env);
    return [];
  } catch (error) {
    return [error];
  }
}
