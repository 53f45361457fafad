import { readWorkerConfig, type Environment } from '../shared/config.ts';
import type { Together } from '../shared/processes/together.ts';
import { runRole } from '../shared/run-role.ts';
import { createWorkerRole } from './worker-role.ts';

/** Runs the worker in this process. */
export async function runWorker(env: Environment, together: Together): Promise<void> {
  await runRole(
    {
      name: 'worker',
      callsModels: true,
      readConfig: readWorkerConfig,
      create: createWorkerRole,
      drainMs: ({ drainTimeout }) => drainTimeout * 1000,
    },
    env,
    together,
  );
}
