import { Option, type Command } from 'commander';
import { STATUSES } from '../../shared/job-status.ts';
import type { Job } from '../../shared/job.ts';
import type { Call } from '../client.ts';
import { describeNext } from '../conclusion.ts';
import { usage } from '../failure.ts';
import { listJobs, type ListOptions } from '../job-list.ts';
import { formatJob, formatJobs } from '../job-text.ts';
import { jobPath, toJob } from '../job.ts';
import { toJson } from '../output.ts';
import type { Session } from '../session.ts';
import { waitForJob, type WaitOptions } from '../wait.ts';
import { addJobParts } from './job-parts.ts';
import { count, label, ofTenant, seconds, type OfTenant } from './option-values.ts';

const EXAMPLES = `
Examples:
  $ npx inferq jobs ls --status failed --metadata order=42
  $ npx inferq jobs ls --error-type model_timeout
  $ npx inferq jobs get job_… --include input,attempts
  $ npx inferq jobs watch job_…
  $ npx inferq jobs ls --json --limit 1000 | jq -r '.data[].id'`;

export function addJobs(program: Command, open: () => Session): void {
  const jobs = program.command('jobs').description('Lists, shows, follows, cancels and repeats jobs.');
  jobs.addHelpText('after', EXAMPLES);
  addList(jobs, open);
  jobs
    .command('get <id>')
    .description('Shows a job.')
    .option('--include <parts>', 'also input, attempts, or both with a comma')
    .addOption(ofTenant())
    .action(async (id: string, options: OfTenant & { include?: string }) => get(open(), id, options));
  jobs
    .command('watch <id>')
    .description('Follows a job to its end and prints its output.')
    .option('-w, --wait <seconds>', 'give up after that long (exit 4)', seconds)
    .option('--stream', 'print the output as it comes')
    .action(async (id: string, options: { wait?: number; stream?: boolean }) =>
      watch(open(), id, { seconds: options.wait, stream: options.stream }),
    );
  jobs
    .command('cancel <id>')
    .description('Cancels a job, also one that runs.')
    .addOption(ofTenant())
    .action(async (id: string, { tenant }: OfTenant) => change(open(), id, 'cancel', tenant));
  jobs
    .command('retry <id>')
    .description('Runs a job again that failed, was canceled or expired.')
    .addOption(ofTenant())
    .action(async (id: string, { tenant }: OfTenant) => change(open(), id, 'retry', tenant));
  addJobParts(jobs, open);
}

function addList(jobs: Command, open: () => Session): void {
  jobs
    .command('ls')
    .description('Lists jobs, newest first.')
    .option('--model <model>', 'of that model')
    .addOption(new Option('--status <status>', 'in that status').choices(STATUSES))
    .option('--error-type <code>', 'that failed with this')
    .option('-m, --metadata <key=value>', 'with that label (repeatable)', label)
    .option('-n, --limit <count>', 'how many at most', count, 20)
    .addOption(ofTenant())
    .action(async (options: ListOptions) => list(open(), options));
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { client, json, stdout, stderr } = session;
  const found = await listJobs(client, options);
  if (json) return stdout.write(`${toJson(found)}\n`);
  if (found.data.length > 0) stdout.write(formatJobs(found.data, stdout, Date.now()));
  const note = found.data.length === 0 ? none(options) : more(found.next, options.limit);
  stderr.write(note && `${stderr.colors.dim(note)}\n`);
}

function none({ tenant, model, status, errorType, metadata }: ListOptions): string {
  const filtered = [model, status, errorType, metadata].some((choice) => choice !== undefined);
  const whose = tenant === undefined ? '' : ` --tenant ${tenant}`;
  if (!filtered && tenant !== undefined) return `No jobs of ${tenant}`;
  return filtered
    ? `No jobs fit. All of them: npx inferq jobs ls${whose}`
    : 'No jobs yet. Submit one: npx inferq submit MODEL -i key=value --wait (npx inferq models ls lists the models)';
}

function more(next: string | null, limit: number): string {
  return next === null ? '' : `There are more: --limit ${limit * 5}`;
}

async function get(
  session: Session,
  id: string,
  { include, tenant }: OfTenant & { include?: string },
): Promise<void> {
  const query = include === undefined ? '' : `?include=${encodeURIComponent(include)}`;
  const job = await ask(session, { path: jobPath(id, query, tenant), about: { id } });
  const { json, stdout } = session;
  stdout.write(json ? `${toJson(job)}\n` : formatJob(job, stdout, Date.now()));
}

async function watch(session: Session, id: string, options: WaitOptions): Promise<void> {
  if (session.json && options.stream === true) throw usage('--stream and --json do not go together');
  await waitForJob(session, await ask(session, { path: jobPath(id), about: { id } }), options);
}

async function change(
  session: Session,
  id: string,
  verb: 'cancel' | 'retry',
  tenant?: string,
): Promise<void> {
  // The broker takes a second cancel for the first; a second retry it would refuse though the first did arrive.
  const idempotent = verb === 'cancel';
  const job = await ask(session, {
    method: 'POST',
    path: jobPath(id, `/${verb}`, tenant),
    idempotent,
    about: { id },
  });
  const { json, stdout, stderr } = session;
  stdout.write(json ? `${toJson(job)}\n` : `${job.id}\n`);
  if (!json) stderr.write(`${stderr.colors.dim(describeNext(job))}\n`);
}

async function ask({ client }: Session, call: Call): Promise<Job> {
  const answer = await client.call(call);
  return toJob(answer.body, client.connection.url);
}
