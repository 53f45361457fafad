import process from 'node:process';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-code.ts';
import { readManifest } from './manifest.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './report.ts';
import { openSession, type Session } from './session.ts';
import { createScreen } from './terminal.ts';

const { env } = process;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read has enough (`| head`): that is no fault.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

let session: Session | undefined;
const program = createProgram(readManifest().version, (options) => (session = openSession(options, env)));

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = thrown instanceof CommanderError ? exitOfHelp(thrown) : report(thrown);
}

// Help in place of a command that is missing is a fault; help that was asked for is none.
function exitOfHelp({ exitCode }: CommanderError): ExitCode {
  return exitCode === 0 ? EXIT.fine : EXIT.usage;
}

function report(thrown: unknown): ExitCode {
  return reportFailure(thrown, {
    screen: createScreen(process.stderr, env),
    // From the words themselves: the command line may be what could not be read.
    json: process.argv.includes('--json'),
    secrets: [session?.client.connection.token, env['INFERQ_TOKEN']],
  });
}
