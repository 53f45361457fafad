import { readWorkerConfig } from '../shared/config.ts';
import { runRole } from '../shared/run-role.ts';
import { createWorkerRole } from './worker-role.ts';

await runRole(
  {
    name: 'worker',
    callsModels: true,
    readConfig: readWorkerConfig,
    create: createWorkerRole,
    drainMs: ({ drainTimeout }) => drainTimeout * 1000,
  },
  process.env,
);
