import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { readBytes } from '../input-bytes.ts';
import { readInput } from '../input.ts';
import { exampleInput } from '../model-test.ts';
import { formatModel, formatModels, nameOf } from '../model-text.ts';
import { modelPath, toModel, toModels } from '../model.ts';
import { toJson } from '../output.ts';
import { redrive, type RedriveOptions } from '../redrive.ts';
import type { Session } from '../session.ts';
import { submitJob } from '../submission.ts';
import { waitForJob } from '../wait.ts';
import { randomUUID } from 'node:crypto';
import { count, seconds, since } from './option-values.ts';

const EXAMPLES = `
Examples:
  $ npx inferq models ls
  $ npx inferq models add sentiment.yaml
  $ npx inferq models test sentiment text="fine"
  $ npx inferq models pause sentiment
  $ npx inferq models redrive sentiment --error-type model_unavailable
  $ npx inferq models rm sentiment@1`;

export function addModels(program: Command, open: () => Session): void {
  const models = program.command('models').description('Lists, shows, adds, tries and runs models.');
  models.addHelpText('after', EXAMPLES);
  models
    .command('ls')
    .description('Lists the models that this token may use.')
    .action(async () => list(open()));
  models
    .command('get <name>')
    .alias('show')
    .description('Shows a model: schemas, endpoints, backlog, speed.')
    .action(async (name: string) => get(open(), name));
  models
    .command('test <name> [input...]')
    .description('Sends a model one input, by default the example of its schema, past the cache.')
    .option('-w, --wait <seconds>', 'give up after that long (exit 4)', seconds, 60)
    .action(async (name: string, input: string[], options: { wait: number }) =>
      tryOut(open(), name, input, options.wait),
    );
  addChanges(models, open);
}

/** What admins alone may do. */
function addChanges(models: Command, open: () => Session): void {
  models
    .command('add <file>')
    .description('Adds the models of a YAML or JSON file, or replaces them; - is the standard input.')
    .action(async (file: string) => add(open(), file));
  models
    .command('rm <name>')
    .description('Removes a model, or with name@version one version; jobs that it has accepted finish.')
    .action(async (name: string) => remove(open(), name));
  models
    .command('pause <name>')
    .description('Lets no more jobs of a model start; they are accepted and wait.')
    .action(async (name: string) => change(open(), name, 'pause'));
  models
    .command('resume <name>')
    .description('Lets the jobs of a paused model start again.')
    .action(async (name: string) => change(open(), name, 'resume'));
  models
    .command('redrive <name>')
    .description('Runs failed jobs of a model again; for admins those of all tenants.')
    .option('--error-type <code>', 'that failed with this')
    .option('--since <time>', 'that failed since: 30m, 2h, 1d, or a time', since)
    .option('--tenant <tenant>', 'of that tenant')
    .option('-n, --limit <count>', 'how many at most', count)
    .action(async (name: string, options: RedriveOptions) => runAgain(open(), name, options));
}

async function list({ client, json, stdout, stderr }: Session): Promise<void> {
  const { body } = await client.call({ path: '/models' });
  const models = toModels(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (models.length > 0) return stdout.write(formatModels(models, stdout));
  stderr.write('No models. Describe one in a YAML file: npx inferq models add FILE, or see INFERQ_MODELS\n');
}

async function get({ client, json, stdout }: Session, name: string): Promise<void> {
  const { body } = await client.call({ path: modelPath(name) });
  const model = toModel(body, client.connection.url);
  stdout.write(json ? `${toJson(body)}\n` : formatModel(model, stdout));
}

async function tryOut(session: Session, name: string, args: string[], wait: number): Promise<void> {
  const input =
    args.length === 0 ? await exampleInput(session.client, name) : await readInput(args, readBytes);
  const request = { model: name, cache: 'bypass' as const };
  const job = await submitJob(session, { request, input, idempotencyKey: randomUUID() });
  await waitForJob(session, job, { seconds: wait });
}

async function add({ client, json, stdout }: Session, file: string): Promise<void> {
  // It brings the YAML parser along, which no other command needs.
  const { readSpecs, refusedAmong } = await import('../model-specs.ts');
  const answers: unknown[] = [];
  const names: string[] = [];
  for (const spec of readSpecs(await readBytes(file, []), file)) {
    const { path, body } = spec;
    const answer = await client.call({ method: 'PUT', path, body, idempotent: true }).catch((thrown) => {
      throw thrown instanceof Failure ? refusedAmong(thrown, spec, names) : thrown;
    });
    const name = nameOf(toModel(answer.body, client.connection.url));
    answers.push(answer.body);
    names.push(name);
    if (!json) stdout.write(`${name} ${answer.status === 201 ? 'added' : 'replaced'}\n`);
  }
  if (json) stdout.write(`${toJson({ data: answers })}\n`);
}

async function remove({ client, json, stderr }: Session, name: string): Promise<void> {
  await client.call({ method: 'DELETE', path: modelPath(name), about: { model: name } });
  if (!json) stderr.write(`${name} is removed; jobs that it has accepted finish\n`);
}

async function change(
  { client, json, stdout }: Session,
  name: string,
  verb: 'pause' | 'resume',
): Promise<void> {
  const path = `${modelPath(name)}/${verb}`;
  const { body } = await client.call({ method: 'POST', path, idempotent: true, about: { model: name } });
  const { backlog } = toModel(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  stdout.write(`${name} ${verb === 'pause' ? 'is paused' : 'goes on'}; ${backlog ?? 0} jobs wait\n`);
}

async function runAgain({ client, json, stdout, stderr }: Session, name: string, options: RedriveOptions) {
  const answer = await redrive(client, name, options);
  if (json) return stdout.write(`${toJson(answer)}\n`);
  stdout.write(`${answer.redriven}\n`);
  const jobs = `${answer.redriven} ${answer.redriven === 1 ? 'job waits' : 'jobs wait'} again`;
  stderr.write(`${jobs}${answer.full ? '; the backlog is full: repeat it when there is room' : ''}\n`);
}
