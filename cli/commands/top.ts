import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { positive } from './option-values.ts';

export function addTop(program: Command, open: () => Session): void {
  program
    .command('top')
    .description(
      'Watches the models: what waits, what runs, how fast. q ends it; once where there is no terminal.',
    )
    .option('--interval <seconds>', 'between two looks', positive, 2)
    .action(async (options: { interval: number }) => {
      const { top } = await import('../top.ts');
      await top(open(), options.interval);
    });
}
