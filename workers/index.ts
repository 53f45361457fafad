import { runProcesses } from '../shared/processes/run-processes.ts';

await runProcesses(
  {
    role: 'worker',
    file: import.meta.filename,
    async run(together) {
      // Not before it is known that this process does the work: a supervisor needs none of it.
      const { runWorker } = await import('./run-worker.ts');
      await runWorker(process.env, together);
    },
  },
  process.argv.slice(2),
  process.env,
);
