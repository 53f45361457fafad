import { runProcesses } from '../shared/processes/run-processes.ts';

await runProcesses(
  {
    role: 'api',
    file: import.meta.filename,
    async run(together) {
      // Not before it is known that this process does the work: a supervisor needs none of it.
      const { runApi } = await import('./run-api.ts');
      await runApi(process.env, together);
    },
  },
  process.argv.slice(2),
  process.env,
);
