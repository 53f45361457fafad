import { readApiConfig } from '../shared/config.ts';
import { runRole } from '../shared/run-role.ts';
import { createApiRole } from './api-role.ts';

/** What open requests have after SIGTERM to be answered. */
const DRAIN_MS = 10_000;

await runRole(
  {
    name: 'api',
    callsModels: false,
    readConfig: readApiConfig,
    create: createApiRole,
    drainMs: () => DRAIN_MS,
  },
  process.env,
);
