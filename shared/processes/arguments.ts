import { parseArgs } from 'node:util';
import { processCount, processCountFault } from './process-count.ts';

const OPTIONS = {
  processes: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What a role's command line and environment ask for: so many processes, or words to say and an exit code. */
export type Wish = { processes: number } | { say: string; exitCode: 0 | 1 };

/**
 * Reads the arguments after the program's name; `--processes` goes before INFERQ_PROCESSES. A fault of the latter is
 * left to the role, which tells it with all others of its environment.
 */
export function readArguments(role: string, args: readonly string[], processes: string | undefined): Wish {
  const options = parsed(args);
  if (typeof options === 'string') return { say: options, exitCode: 1 };
  if (options.help) return { say: helpOf(role), exitCode: 0 };
  const text = options.processes;
  if (text === undefined) return { processes: processCount(processes ?? '') ?? 1 };
  const count = processCount(text);
  return count ? { processes: count } : { say: processCountFault('--processes', text), exitCode: 1 };
}

function parsed(args: readonly string[]): { processes?: string; help?: boolean } | string {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    // Checked below: an error of Node's names rules that are not ours.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const unknown = tokens.find((token) => token.kind === 'option' && !(token.name in OPTIONS));
  if (unknown?.kind === 'option')
    return `There is no option ${unknown.rawName}, only --processes and --help.`;
  const { processes, help } = values;
  if (processes !== undefined && typeof processes !== 'string') return processCountFault('--processes', '');
  return { ...(processes === undefined ? {} : { processes }), help: help === true };
}

function helpOf(role: string): string {
  return `Usage: npm run ${role} -- [--processes N]

  --processes N  so many processes that do the work of one ${role} each, to use several cores
                 (default: INFERQ_PROCESSES, or 1)

All else is set by environment variables: docs/configuration.md.`;
}
