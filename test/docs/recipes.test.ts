import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { findCommand } from '../../cli/local/command.ts';
import { startModelServer } from '../../examples/models/server.ts';
import { isModelSpec, parseModelFile } from '../../shared/models/model-file.ts';
import { checkSecrets } from '../../shared/models/secret-references.ts';
import { startTestBroker, TOKEN } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { unusedPort } from '../webhooks/receiver.ts';
import { blocksOf, readDocument } from './document.ts';
import { doneWith, startShakyBroker, ÅNGSTRÖM } from './shaky-broker.ts';

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

const PYTHON = blocksOf(readDocument('docs/recipes/python.md'))[0]?.text ?? '';

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

test('the headers that recipes and protocols ask for can be set over the API, too', (t) => {
  const files = [...RECIPES.map(({ file }) => file), 'docs/models.md'];
  const texts = files.flatMap((file) => [...readDocument(file).matchAll(/`headers: (\{.+?\})`/g)]);
  t.is(texts.length, 3);
  for (const [whole, headers] of texts) {
    const endpoint = `{url: "http://127.0.0.1:9", headers: ${headers}}`;
    const spec: unknown = parse(`{name: m, protocol: json, endpoints: [${endpoint}]}`);
    t.deepEqual(isModelSpec(spec) && checkSecrets(spec), [], whole);
  }
});

test('the server of a function of your own, as the recipe has it, is a model', async (t) => {
  if (!(await hasPython(t))) return;
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
  if (!(await hasPython(t))) return;
  const demo = await startModelServer({ host: '127.0.0.1', port: 0 });
  t.teardown(() => demo.stop());
  const file = 'examples/models/models.yaml';
  const models = parseModelFile(readDocument(file), file, { DEMO_MODELS_URL: demo.url });
  const broker = await startTestBroker(t, { models });
  const { stdout, stderr } = await runPython(broker.url, PYTHON);
  t.regex(stdout, /^fr\n.+\n$/s, stderr);
});

test('the client of the Python recipe submits once and streams to the end, whatever breaks', async (t) => {
  if (!(await hasPython(t))) return;
  const broker = await startShakyBroker(ÅNGSTRÖM);
  t.teardown(broker.stop);
  const program = withPythonClient('print(ascii(list(Inferq().stream("moby", {}))))');
  const { stdout, stderr } = await runPython(broker.url, program);
  t.is(stdout, String.raw`['wrong', None, '\xc5ng', 'str\u2028\xf6m']` + '\n', stderr);
  const keys = broker.calls
    .filter(({ path }) => path === '/jobs')
    .map(({ headers }) => headers['idempotency-key']);
  t.is(keys.length, 3);
  t.is(new Set(keys).size, 1);
  const asked = broker.calls.filter(({ path }) => path.endsWith('/events'));
  t.deepEqual(
    asked.map(({ headers }) => headers['last-event-id']),
    ['', '1-4', '1-4', '2-0', '2-0'],
  );
});

test('the client of the Python recipe says that a job failed which it streams', async (t) => {
  if (!(await hasPython(t))) return;
  const broker = await startShakyBroker([
    { events: [['output', { chunk: 'half' }], doneWith('failed', 'The model is gone.')] },
  ]);
  t.teardown(broker.stop);
  const program = withPythonClient('for piece in Inferq().stream("moby", {}): print(piece)');
  const { stdout, stderr } = await runPython(broker.url, program);
  t.is(stdout, 'half\n');
  t.regex(stderr, /JobFailed: The model is gone\.\n$/);
});

/** What the recipe has, without its last lines, which use it. */
function withPythonClient(use: string): string {
  const [classes = ''] = PYTHON.split('\ninferq = Inferq()\n');
  return `${classes}\n${use}\n`;
}

async function runPython(url: string, program: string): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, INFERQ_URL: url, INFERQ_TOKEN: TOKEN };
  const child = spawn('python3', ['-c', program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

async function hasPython(t: ExecutionContext): Promise<boolean> {
  if ((await findCommand('python3', process.env['PATH'] ?? '')) !== undefined) return true;
  t.log('not tried: this machine has no python3');
  t.pass();
  return false;
}
