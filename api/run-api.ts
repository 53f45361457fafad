import { readApiConfig, type Environment } from '../shared/config.ts';
import type { Together } from '../shared/processes/together.ts';
import { runRole } from '../shared/run-role.ts';
import { createApiRole } from './api-role.ts';

/** What open requests have after SIGTERM to be answered. */
const DRAIN_MS = 10_000;

/** Runs the API in this process. */
export async function runApi(env: Environment, together: Together): Promise<void> {
  await runRole(
    {
      name: 'api',
      callsModels: false,
      readConfig: readApiConfig,
      create: createApiRole,
      drainMs: () => DRAIN_MS,
    },
    env,
    together,
  );
}
