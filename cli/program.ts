import { Command } from 'commander';
import { usage } from './failure.ts';
import { addAudit } from './commands/audit.ts';
import { addBench } from './commands/bench.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFailures } from './commands/failures.ts';
import { addJobs } from './commands/jobs.ts';
import { addModels } from './commands/models.ts';
import { addSubmit } from './commands/submit.ts';
import { addTenants } from './commands/tenants.ts';
import { addTokens } from './commands/tokens.ts';
import { addTop } from './commands/top.ts';
import { addUp } from './commands/up.ts';
import { addWebhooks } from './commands/webhooks.ts';
import { addWhoami } from './commands/whoami.ts';
import type { GlobalOptions, Session } from './session.ts';

const EXAMPLES = `
Examples:
  $ npx inferq up                                              a broker on this machine
  $ npx inferq submit language-id -i text="Guten Morgen" --wait
  $ npx inferq jobs ls --status failed
  $ npx inferq doctor                                          when something is wrong

Without --url and --token, a broker that npm start runs in this clone is found by itself.
Exit: 0 fine, 1 the job did not succeed or was refused, 2 usage, 3 no broker there, 4 --wait ran out.`;

/** `open` makes the session of one command out of the global options. */
export function createProgram(version: string, open: (options: GlobalOptions) => Session): Command {
  const program = new Command('inferq');
  // What follows goes over to the commands, which are therefore made after it.
  refuseAsFailure(program)
    .description('The asynchronous inference broker: submits jobs to models and follows them.')
    .version(version, '-V, --version')
    .option('--url <url>', 'the broker (INFERQ_URL; else that of npm start; else http://127.0.0.1:8080)')
    .option('--token <token>', 'the credential (better as INFERQ_TOKEN: others can see arguments)')
    .option('--json', 'for programs: JSON on the standard output, a problem object on the standard error')
    .option('--verbose', 'show each request on the standard error')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true });
  const session = () => open(program.opts<GlobalOptions>());
  addUp(program);
  addSubmit(program, session);
  addJobs(program, session);
  addFailures(program, session);
  addModels(program, session);
  addConfig(program, session);
  addWebhooks(program, session);
  addTenants(program, session);
  addTokens(program, session);
  addAudit(program, session);
  addWhoami(program, session);
  addTop(program, session);
  addBench(program, session);
  addDoctor(program, session);
  addCompletion(program);
  return program;
}

// A refused command line is told like every other failure: commander keeps what it would have printed.
function refuseAsFailure(program: Command): Command {
  let complaint = '';
  return program.configureOutput({ outputError: (text) => void (complaint = text) }).exitOverride((error) => {
    // Help and version were asked for, or help was shown in place of a command that is missing.
    if (complaint === '') throw error;
    throw usage(
      complaint.replace(/^error: /, '').trim(),
      'npx inferq --help, or --help after a command, tells more',
    );
  });
}
