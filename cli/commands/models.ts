import type { Command } from 'commander';
import { formatModel, formatModels } from '../model-text.ts';
import { modelPath, toModel, toModels } from '../model.ts';
import { toJson } from '../output.ts';
import type { Session } from '../session.ts';

export function addModels(program: Command, open: () => Session): void {
  const models = program.command('models').description('Lists and shows models.');
  models
    .command('ls')
    .description('Lists the models that this token may use.')
    .action(async () => list(open()));
  models
    .command('get <name>')
    .description('Shows a model: schemas, endpoints, backlog, speed.')
    .action(async (name: string) => get(open(), name));
}

async function list({ client, json, stdout, stderr }: Session): Promise<void> {
  const { body } = await client.call({ path: '/models' });
  const models = toModels(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (models.length > 0) return stdout.write(formatModels(models, stdout));
  stderr.write('No models. They are described in YAML files: see INFERQ_MODELS, or models/ in the clone\n');
}

async function get({ client, json, stdout }: Session, name: string): Promise<void> {
  const { body } = await client.call({ path: modelPath(name) });
  const model = toModel(body, client.connection.url);
  stdout.write(json ? `${toJson(body)}\n` : formatModel(model, stdout));
}
