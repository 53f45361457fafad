import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { findCommand } from '../../cli/local/command.ts';
import { startModelServer } from '../../examples/models/server.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { unusedPort } from '../webhooks/receiver.ts';
import { blocksOf, readDocument, ROOT, sectionOf } from './document.ts';
import { startShakyBroker, ÅNGSTRÖM } from './shaky-broker.ts';

const MODELS = 'examples/models/models.yaml';
const blocks = ['docs/jobs.md', 'docs/webhooks.md'].flatMap((file) => blocksOf(readDocument(file)));

test('the shell examples of docs/jobs.md and docs/webhooks.md work, one after the other', async (t) => {
  if (!(await hasCommands(t, 'sh', 'curl'))) return;
  const broker = await startDemoBroker(t);
  // The first one is for the reader's own address and token.
  const examples = blocks.filter(({ language, text }) => language === 'sh' && !text.includes('ifq_…'));
  t.true(examples.length >= 8);
  const script = [
    'set -eu',
    'curl() { command curl --fail-with-body "$@"; }',
    ...examples.map(({ text }) => text),
  ];
  const { code, output } = await run(broker, 'sh', ['-c', script.join('\necho\n')]);
  t.is(code, 0, output);
  for (const expected of [
    '"language":"de"',
    'event: done',
    '"status":"canceled"',
    '"status":"succeeded"',
    'whsec_',
  ])
    t.true(output.includes(expected), expected);
  const ids = output.split('\n').filter((line) => /^job_[0-9a-z]+$/.test(line));
  t.is(ids.length, 2);
  t.is(ids[0], ids[1]);
});

test('the job that the API reference offers to try out is one of the demo models', async (t) => {
  const broker = await startDemoBroker(t);
  const { components } = Object((await broker.request('/openapi.json')).body);
  const [example, ...more] = components.schemas.JobRequest.examples ?? [];
  t.deepEqual(more, []);
  t.like(await broker.run(example), { status: 'succeeded', output: { language: 'de' } });
});

test('the first credential of docs/deployment.md is an admin’s, and the one before is none any more', async (t) => {
  if (!(await hasCommands(t, 'sh', 'openssl'))) return;
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const section = sectionOf(readDocument('docs/deployment.md'), '## The first credential');
  const [make] = blocksOf(section);
  const { code, output } = await run(broker, 'sh', ['-euc', make?.text ?? ''], {
    REDIS_URL: broker.redisUrl,
  });
  t.is(code, 0, output);
  const headers = { authorization: `Bearer ${output.trim()}` };
  const { body } = await broker.request('/me', { headers });
  t.like(body, { tenant: 'dev' });
  t.true(Object(body).scopes.includes('admin'));
  t.is((await broker.request('/me')).status, 401);
});

test('the Python clients of docs/jobs.md work', async (t) => {
  if (!(await hasCommands(t, 'python3'))) return;
  const broker = await startDemoBroker(t);
  const [withLibrary = '', withRequests = ''] = ['urllib.request', 'uuid, requests'].map(pythonWith);
  const plain = await run(broker, 'python3', ['-c', withLibrary]);
  t.is(plain.code, 0, plain.output);
  t.true(plain.output.includes("succeeded {'language': 'it'"), plain.output);
  if ((await run(broker, 'python3', ['-c', 'import requests'])).code !== 0) return;
  const streamed = await run(broker, 'python3', ['-c', withRequests]);
  t.is(streamed.code, 0, streamed.output);
  t.regex(streamed.output, /\S+ .+\nsucceeded\n$/s);
});

test('the client of docs/jobs.md with requests submits once and streams to the end, whatever breaks', async (t) => {
  if (!(await hasCommands(t, 'python3'))) return;
  const broker = await startShakyBroker(ÅNGSTRÖM);
  t.teardown(broker.stop);
  if ((await run(broker, 'python3', ['-c', 'import requests'])).code !== 0) {
    t.pass();
    return;
  }
  const { code, output } = await run(broker, 'python3', ['-c', pythonWith('uuid, requests')]);
  t.is(code, 0, output);
  t.is(output, 'wrong\n(once more)\nÅngstr\u2028öm\nsucceeded\n');
  const keys = broker.calls
    .filter(({ path }) => path === '/jobs')
    .map(({ headers }) => headers['idempotency-key']);
  t.is(keys.length, 3);
  t.is(new Set(keys).size, 1);
});

test('the receivers of docs/webhooks.md accept a webhook, and nothing that is not genuine', async (t) => {
  const broker = await startDemoBroker(t);
  const { body } = await broker.request('/webhooks/secret');
  const secret = typeof body === 'object' && body ? String(Reflect.get(body, 'secret')) : '';
  const typescript = blocks.find(({ language }) => language === 'ts')?.text ?? '';
  const receivers: [string, string[]][] = [
    [process.execPath, ['--input-type=module-typescript', '--eval', typescript]],
  ];
  if (await hasCommands(t, 'python3')) receivers.push(['python3', ['-c', pythonWith('HTTPServer')]]);
  for (const [command, args] of receivers) {
    const port = await unusedPort();
    const url = `http://127.0.0.1:${port}/hook`;
    const receiver = start(broker, command, args, { WEBHOOK_SECRET: secret, PORT: String(port) });
    t.teardown(() => receiver.kill());
    const output = text(receiver.stdout);
    await untilItAnswers(url);
    t.is((await fetch(url, { method: 'POST', body: '{"type": "job.succeeded"}' })).status, 401);
    const input = { text: 'Ceci est une phrase.' };
    const { id } = await broker.run({ model: 'language-id', input, cache: 'bypass', webhook: url });
    t.is(await outcomeOf(broker, id), 'delivered');
    receiver.kill();
    t.regex(await output, new RegExp(`^msg_${id}_\\d+ job.succeeded ${id}`));
  }
});

async function startDemoBroker(t: ExecutionContext): Promise<TestBroker> {
  const demo = await startModelServer({ host: '127.0.0.1', port: 0 });
  t.teardown(() => demo.stop());
  const models = parseModelFile(readDocument(MODELS), MODELS, { DEMO_MODELS_URL: demo.url });
  return startTestBroker(t, { models });
}

function pythonWith(word: string): string {
  return blocks.find(({ language, text }) => language === 'python' && text.includes(word))?.text ?? '';
}

async function hasCommands(t: ExecutionContext, ...names: string[]): Promise<boolean> {
  const found = await Promise.all(names.map((name) => findCommand(name, process.env['PATH'] ?? '')));
  const missing = names.filter((_, index) => found[index] === undefined);
  if (missing.length === 0) return true;
  t.log(`not tried: this machine has no ${missing.join(', no ')}`);
  t.pass();
  return false;
}

function start(
  broker: { url: string },
  command: string,
  args: string[],
  more: Record<string, string> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const env = { ...process.env, INFERQ_URL: broker.url, INFERQ_TOKEN: TOKEN, ...more };
  return spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(
  broker: { url: string },
  command: string,
  args: string[],
  more: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const child = start(broker, command, args, more);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, output: `${stdout}${stderr}` };
}

async function untilItAnswers(url: string): Promise<void> {
  for (;;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(20);
  }
}

/** Of the first attempt to deliver the job's webhook, once it is over. */
async function outcomeOf(broker: TestBroker, id: string): Promise<string> {
  for (;;) {
    const { body } = await broker.request(`/jobs/${id}/deliveries`);
    const outcome = /"outcome":"(?!running)(\w+)"/.exec(JSON.stringify(body))?.[1];
    if (outcome !== undefined) return outcome;
    await sleep(20);
  }
}
