import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { findCommand } from '../../cli/local/command.ts';
import { startModelServer } from '../../examples/models/server.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { startTestBroker, TOKEN } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { unusedPort } from '../webhooks/receiver.ts';
import { blocksOf, readDocument } from './document.ts';

const RECIPES = ['vllm', 'ollama', 'kserve', 'triton', 'function'].map((name) => {
  const file = `docs/recipes/${name}.md`;
  const blocks = blocksOf(readDocument(file));
  const [job, served, output] = blocks
    .filter(({ language }) => language === 'json')
    .map(({ text }): unknown => JSON.parse(text));
  const [model] = parseModelFile(blocks.find(({ language }) => language === 'yaml')?.text ?? '', file, {});
  if (!model) throw new Error(`${file} has no model`);
  const program = blocks.find(({ language }) => language === 'python')?.text;
  // A prefix of its own: two recipes have the same path.
  const path = `/${name}${new URL(model.endpoints[0]?.url ?? '').pathname}`;
  return { file, model, job: Object(job), served, output, path, program };
});

test('the model of each recipe, at a server that answers as the recipe says, gives the output that it says', async (t) => {
  const server = await startScriptedModel((call, response) => {
    const recipe = RECIPES.find(({ path }) => path === call.path);
    return recipe ? answer(response, recipe.served) : answer(response, { error: 'no such path' }, 404);
  });
  t.teardown(server.stop);
  const models = RECIPES.map(({ model: { health: _health, ...model }, path }) => ({
    ...model,
    endpoints: [{ url: server.url + path }],
  }));
  const broker = await startTestBroker(t, { models });
  for (const { file, job, output } of RECIPES) {
    const ended = await broker.run(job);
    t.is(ended.status, 'succeeded', `${file}: ${ended.error?.detail}`);
    t.deepEqual(ended.output, output, file);
  }
});

test('the server of a function of your own, as the recipe has it, is a model', async (t) => {
  if ((await findCommand('python3', process.env['PATH'] ?? '')) === undefined) {
    t.log('not tried: this machine has no python3');
    t.pass();
    return;
  }
  const recipe = RECIPES.find(({ program }) => program !== undefined);
  const port = await unusedPort();
  const env = { ...process.env, PORT: String(port) };
  const child = spawn('python3', ['-c', recipe?.program ?? ''], { env, stdio: 'ignore' });
  t.teardown(() => child.kill());
  const url = `http://127.0.0.1:${port}/count`;
  const call = (body: unknown) => fetch(url, { method: 'POST', body: JSON.stringify(body) });
  while (
    !(await call({}).then(
      ({ status }) => status === 400,
      () => false,
    ))
  )
    await sleep(50);
  t.deepEqual(await (await call(recipe?.job.input)).json(), recipe?.output);
});

test('the client of the Python recipe runs a job and streams one', async (t) => {
  if ((await findCommand('python3', process.env['PATH'] ?? '')) === undefined) {
    t.log('not tried: this machine has no python3');
    t.pass();
    return;
  }
  const demo = await startModelServer({ host: '127.0.0.1', port: 0 });
  t.teardown(() => demo.stop());
  const file = 'examples/models/models.yaml';
  const models = parseModelFile(readDocument(file), file, { DEMO_MODELS_URL: demo.url });
  const broker = await startTestBroker(t, { models });
  const [program] = blocksOf(readDocument('docs/recipes/python.md'));
  const env = { ...process.env, INFERQ_URL: broker.url, INFERQ_TOKEN: TOKEN };
  const child = spawn('python3', ['-c', program?.text ?? ''], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  t.regex(stdout, /^fr\n.+\n$/s, stderr);
});
