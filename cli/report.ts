import type { Fault } from '../shared/errors.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Failure, type Problem } from './failure.ts';
import { isRecord } from './json.ts';
import { plain, type Screen } from './terminal.ts';

export interface ReportOptions {
  screen: Screen;
  json: boolean;
  /** Never shown, whoever put them into a message. */
  secrets: readonly (string | undefined)[];
}

/** Tells a person, or a program, what went wrong. Never a stack trace. */
export function reportFailure(thrown: unknown, options: ReportOptions): ExitCode {
  const failure = thrown instanceof Failure ? thrown : ownFault(thrown);
  const text = options.json ? `${JSON.stringify(failure.problem)}\n` : format(failure, options.screen);
  options.screen.write(hide(text, options.secrets));
  return failure.exit;
}

function ownFault(thrown: unknown): Failure {
  const detail = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const problem = { type: 'urn:inferq:cli:internal', title: 'The command line itself failed', detail };
  return new Failure(EXIT.refused, problem, { cures: ['This is a fault of inferq: please report it'] });
}

function format(failure: Failure, { colors }: Screen): string {
  const { problem, cures, requestId } = failure;
  const kind = problem.error_type === undefined ? '' : colors.dim(` (${plain(problem.error_type)})`);
  const lines = [
    `${colors.red('✗')} ${colors.bold(plain(problem.title))}${kind}`,
    ...(problem.detail === undefined ? [] : problem.detail.split('\n').map((line) => `  ${plain(line)}`)),
    ...faultsOf(problem).map(
      (fault) => `  ${colors.bold(plain(fault.pointer || '/'))}  ${plain(fault.detail)}`,
    ),
    ...(requestId === undefined ? [] : [colors.dim(`  request ${plain(requestId)}`)]),
    ...cures.map((cure) => `  ${colors.cyan('→')} ${cure}`),
  ];
  return `${lines.join('\n')}\n`;
}

function faultsOf({ errors }: Problem): Fault[] {
  const faults: unknown[] = Array.isArray(errors) ? errors : [];
  return faults.filter(isFault);
}

function isFault(value: unknown): value is Fault {
  return isRecord(value) && typeof value['pointer'] === 'string' && typeof value['detail'] === 'string';
}

// Also what only looks like a credential: in a mistyped option it is not known as one.
const CREDENTIAL = /\bifq_[\w-]{8,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

function hide(text: string, secrets: ReportOptions['secrets']): string {
  return secrets
    .filter((secret) => secret !== undefined && secret !== '')
    .reduce<string>((text, secret) => text.replaceAll(secret ?? '', '…'), text)
    .replace(CREDENTIAL, '…');
}
