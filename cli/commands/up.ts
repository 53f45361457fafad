import process from 'node:process';
import type { Command } from 'commander';

const TEXT = `
It runs until Ctrl-C, which drains and stops all of it. Its data stays under .inferq/ in the clone.
REDIS_URL names a Redis to use instead of a private one, PORT another port than 8080, INFERQ_PROCESSES how many
processes API and worker have each.`;

export function addUp(program: Command): void {
  program
    .command('up')
    .description('Starts the whole broker on this machine: Redis, the API, a worker, demo models.')
    .addHelpText('after', TEXT)
    .action(async () => {
      // It brings the roles' supervisor with it, which no other command needs.
      const { up } = await import('../up.ts');
      process.exitCode = await up();
    });
}
