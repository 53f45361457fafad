import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { blocksOf, readDocument, ROOT } from '../docs/document.ts';

const run = promisify(execFile);
const TSC = path.join(ROOT, 'node_modules/.bin/tsc');
const CONFIG = {
  compilerOptions: { strict: true, target: 'es2022', module: 'nodenext', types: [], lib: ['es2023', 'dom'] },
};

test('the package, packed and installed elsewhere, compiles into a strict program and drives a real broker', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-client-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const model = await startScriptedModel((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      'event: chunk\ndata: "one "\n\nevent: chunk\ndata: "two"\n\nevent: output\ndata: {"language": "de", "confidence": 1}\n\n',
    );
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('language-id', model.url)] });

  const packed = await packAll(folder);
  const project = path.join(folder, 'project');
  await mkdir(project);
  await writeFile(
    path.join(project, 'package.json'),
    '{"name": "scratch", "type": "module", "private": true}',
  );
  await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify(CONFIG));
  const snippets = blocksOf(readDocument('docs/client.md'))
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => text);
  const receiver = snippets.filter((text) => text.includes('verifyWebhook'));
  t.is(receiver.length, 1);
  await writeFile(path.join(project, 'receiver.ts'), receiver.join(''));
  await writeFile(path.join(project, 'receive.mjs'), RECEIVE);
  const program = snippets
    .filter((text) => !receiver.includes(text))
    .join('\n')
    .replace('http://127.0.0.1:8080', broker.url)
    .replace('ifq_…', TOKEN);
  await writeFile(path.join(project, 'program.ts'), program);
  const npm = [
    'install',
    '--offline',
    '--no-audit',
    '--no-fund',
    '--cache',
    path.join(folder, 'cache'),
    ...packed,
  ];
  await run('npm', npm, { cwd: project });
  const { stdout: complaints } = await run(TSC, [], { cwd: project }).catch((error: unknown) =>
    Object(error),
  );
  t.is(complaints, '');
  const { stdout } = await run(process.execPath, ['program.js'], { cwd: project });
  t.regex(stdout, /^succeeded de [\d.]+$/m);
  t.regex(stdout, /one two/);
  t.regex(stdout, /invalid_request/);

  const key = randomBytes(32);
  const receive = async (signedBy: Uint8Array) => {
    const args = ['receive.mjs', `whsec_${key.toString('base64')}`, JSON.stringify(signedMessage(signedBy))];
    return (await run(process.execPath, args, { cwd: project })).stdout;
  };
  t.is(await receive(key), 'job.succeeded job_1 { words: 2 }\n204\n');
  t.is(await receive(randomBytes(32)), '401\n');
});

/** Gives the receiver of the documentation one message. */
const RECEIVE = `import { receive } from './receiver.js';
const [, , secret, message] = process.argv;
const request = new Request('http://localhost/hook', { method: 'POST', ...JSON.parse(message) });
console.log((await receive(request, secret)).status);
`;

function signedMessage(key: Uint8Array): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify({ type: 'job.succeeded', data: { id: 'job_1', output: { words: 2 } } });
  const [id, at] = ['msg_1', Math.floor(Date.now() / 1000)];
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${signature}`,
  };
  return { body, headers };
}

test('nothing in the package needs Node', async (t) => {
  const files = await Array.fromAsync(glob('client/src/*.ts', { cwd: ROOT }));
  t.true(files.length > 8);
  for (const file of files) {
    const text = await readFile(path.join(ROOT, file), 'utf8');
    const outside = [...text.matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name);
    for (const name of outside) t.is(name, 'eventsource-parser', file);
    t.notRegex(text, /\b(process|Buffer|require|__dirname)\b[.(]/, file);
  }
});

test('the package depends on what the broker is tested with', async (t) => {
  const [client, broker] = await Promise.all(
    ['client/package.json', 'package.json'].map(async (file) =>
      JSON.parse(await readFile(path.join(ROOT, file), 'utf8')),
    ),
  );
  t.deepEqual(Object.keys(client.dependencies), ['eventsource-parser']);
  t.is(client.dependencies['eventsource-parser'], broker.dependencies['eventsource-parser']);
  t.is(client.version, broker.version);
});

/** Builds a copy and packs it, with what it depends on: the install that follows asks no registry. */
async function packAll(folder: string): Promise<string[]> {
  const copy = path.join(folder, 'inferq');
  await cp(path.join(ROOT, 'client'), copy, { recursive: true, filter: (file) => !file.endsWith('/dist') });
  await run(TSC, ['-p', path.join(ROOT, 'client'), '--outDir', path.join(copy, 'dist')]);
  const sources = [copy, path.join(ROOT, 'node_modules/eventsource-parser')];
  const names = await Promise.all(
    sources.map(async (source) => {
      const args = ['pack', source, '--ignore-scripts', '--json', '--pack-destination', folder];
      const { stdout } = await run('npm', args, { cwd: folder });
      return String(JSON.parse(stdout)[0].filename);
    }),
  );
  return names.map((name) => path.join(folder, name));
}
