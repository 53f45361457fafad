import { Argument, type Command } from 'commander';
import process from 'node:process';
import { completionFor, SHELLS, type Shell } from '../completion.ts';
import { createScreen } from '../terminal.ts';

const TEXT = `
It completes the command inferq: an alias for npx inferq does.
  bash   eval "$(npx inferq completion bash)"                          in ~/.bashrc
  zsh    eval "$(npx inferq completion zsh)"                           in ~/.zshrc, after compinit
  fish   npx inferq completion fish > ~/.config/fish/completions/inferq.fish`;

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('Prints a script that has a shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .addHelpText('after', TEXT)
    .action((shell: Shell) => createScreen(process.stdout, {}).write(completionFor(shell, program)));
}
