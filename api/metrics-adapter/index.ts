import { runRole } from '../../shared/run-role.ts';
import { readAdapterConfig } from './adapter-config.ts';
import { createAdapterRole } from './adapter-role.ts';

/** What open requests have after SIGTERM to be answered. */
const DRAIN_MS = 5000;

await runRole(
  {
    name: 'metrics-adapter',
    callsModels: false,
    readConfig: readAdapterConfig,
    create: createAdapterRole,
    drainMs: () => DRAIN_MS,
  },
  process.env,
);
