import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { runCommand } from '../../cli/local/command.ts';
import { freePort } from '../../cli/local/ports.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { readDocument, ROOT } from '../docs/document.ts';
import { makeFolder } from '../local/fixtures/folder.ts';

const NOBODY = 65_534;
const READY_WITHIN_MS = 60_000;

interface Instruction {
  name: string;
  value: string;
}

/** The instructions of the Dockerfile, each on one line. */
const instructions: Instruction[] = readDocument('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [, name = '', value = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    return { name, value };
  });

function valuesOf(name: string): string[] {
  return instructions.filter((instruction) => instruction.name === name).map(({ value }) => value);
}

/** The instructions of a stage and of those that it is made from. */
function stageOf(name: string): Instruction[] {
  const start = instructions.findIndex((one) => one.name === 'FROM' && one.value.endsWith(` AS ${name}`));
  if (start < 0) return [];
  const length = instructions.slice(start + 1).findIndex((one) => one.name === 'FROM');
  const own = instructions.slice(start, length < 0 ? undefined : start + 1 + length);
  return [...stageOf(own[0]?.value.split(' ', 1)[0] ?? ''), ...own];
}

test('the Dockerfile builds anywhere, from one pinned Node, the one that the project runs on', (t) => {
  t.notRegex(readDocument('Dockerfile'), /^#\s*syntax|--mount|--chmod|<</m, 'the old builder takes it too');
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    readDocument('package.json'),
  );
  t.is(valuesOf('ARG')[0], `NODE_IMAGE=node:${devDependencies['node']}-bookworm-slim`);
  const stages = new Set(['${NODE_IMAGE}']);
  for (const from of valuesOf('FROM')) {
    const [base = '', stage = ''] = from.split(' AS ');
    t.true(stages.has(base), `${base} is a stage or the pinned image`);
    stages.add(stage);
  }
  t.deepEqual(valuesOf('ADD'), []);
});

test('no install script of a dependency runs in the image, and no build tool is left in it', (t) => {
  const installs = valuesOf('RUN').filter((command) => /\bnpm (?:ci|i|install)\b/.test(command));
  t.is(installs.length, 2);
  for (const command of installs) t.true(command.startsWith('npm ci --ignore-scripts '), command);
  for (const name of ['inferq', 'demo']) {
    const stage = stageOf(name);
    const commands = stage.filter((one) => one.name === 'RUN').map(({ value }) => value);
    t.is(commands.length, 1, name);
    t.regex(commands[0] ?? '', /^rm -rf \/usr\/local\/lib\/node_modules /);
  }
});

test('both images run as nobody in particular, say how they are, and end by SIGTERM', (t) => {
  for (const name of ['inferq', 'demo']) {
    const last = (what: string): string => stageOf(name).findLast((one) => one.name === what)?.value ?? '';
    t.regex(last('USER'), /^[1-9]\d{3,}:[1-9]\d{3,}$/, name);
    t.is(last('STOPSIGNAL'), 'SIGTERM');
    t.regex(last('ENTRYPOINT'), /^\["node", "\/app\/[\w/.-]+"\]$/);
    t.regex(last('HEALTHCHECK'), /CMD \["node", /);
    t.regex(last('ENV'), /\bHOST=0\.0\.0\.0\b/);
  }
  const labels = stageOf('inferq').find((one) => one.name === 'LABEL')?.value ?? '';
  for (const label of ['title', 'licenses', 'version', 'revision', 'created'])
    t.true(labels.includes(`org.opencontainers.image.${label}=`), label);
});

test('no folder of the image has the time of its build: WORKDIR and COPY would make it anew', (t) => {
  const copies = stageOf('inferq')
    .filter(({ name }) => name === 'COPY')
    .map(({ value }) => value);
  t.is(copies.length, 2);
  for (const copy of copies) t.regex(copy, /^--from=files (?:--chown=[\d:]+ )?\/\w+ \/$/);
  const order = stageOf('inferq').map(({ name }) => name);
  t.true(order.indexOf('WORKDIR') > order.lastIndexOf('COPY'));
});

test('only what the image is made of is sent to the builder', (t) => {
  const lines = readDocument('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  t.is(lines[0], '*');
  t.false(lines.some((line) => /^!(?:\.inferq|\.git|node_modules|test)/.test(line)));
});

test('the document tells every role of the image', async (t) => {
  const child = spawn(process.execPath, [path.join(ROOT, 'docker/entry.mjs'), 'nothing'], { stdio: 'pipe' });
  t.teardown(() => child.kill('SIGKILL'));
  const said = await text(child.stderr);
  const roles = /choose one of (.*)\.$/m.exec(said)?.[1]?.split(', ') ?? [];
  const [, part = ''] = readDocument('docs/deployment.md').split('\n## The image\n');
  const [table = ''] = part.split('```', 1);
  const told = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, role]) => role);
  t.deepEqual(new Set(told), new Set(roles), said);
});

test('what goes into the image starts as another user who may write nowhere, and drains', async (t) => {
  t.timeout(10 * 60_000);
  const app = await makeFolder(t);
  await installProduction(app);
  await build(app);
  await chmod(app, 0o755);
  const redis = await startTemporaryRedis();
  t.teardown(redis.stop);
  const secret = path.join(app, 'redis-url');
  await writeFile(secret, `${redis.url}\n`);
  await cp(path.join(ROOT, 'examples/models/models.yaml'), path.join(app, 'models.yaml'));
  for (const role of ['api', 'worker']) {
    const port = String(await freePort());
    const env = {
      PATH: process.env['PATH'],
      REDIS_URL_FILE: secret,
      INFERQ_MODELS: path.join(app, 'models.yaml'),
      PORT: '0',
      METRICS_PORT: port,
      DEMO_MODELS_URL: 'http://127.0.0.1:9',
    };
    const run = (argument: string): ChildProcessByStdio<null, Readable, Readable> =>
      spawn(process.execPath, [path.join(app, 'docker/entry.mjs'), argument], {
        cwd: app,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
      });
    const started = run(role);
    const said = text(started.stderr);
    started.stdout.resume();
    t.teardown(() => started.kill('SIGKILL'));
    const end = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const [code] = await once(run('health'), 'exit');
      if (code === 0) break;
      if (started.exitCode !== null) throw new Error(`The ${role} has ended: ${await said}`);
      if (Date.now() > end) throw new Error(`The ${role} does not get healthy`);
      await sleep(100);
    }
    started.kill('SIGTERM');
    t.deepEqual(await once(started, 'exit'), [0, null], role);
  }
});

for (const [title, args, env, fault] of [
  ['an unknown role', ['webhooks'], {}, /^'webhooks' is no role: choose one of api, worker, /],
  ['no role', [], {}, /^'' is no role/],
  [
    'a secret twice',
    ['api'],
    { REDIS_URL: 'x', REDIS_URL_FILE: 'y' },
    /^REDIS_URL and REDIS_URL_FILE are both set/,
  ],
  ['a secret that is not there', ['api'], { REDIS_URL_FILE: '/nowhere' }, /^REDIS_URL_FILE cannot be read: /],
] as const) {
  test(`the image with ${title} is one line and exit code 1`, async (t) => {
    const { ok, stderr } = await runCommand(
      process.execPath,
      [path.join(ROOT, 'docker/entry.mjs'), ...args],
      env,
    );
    t.false(ok);
    t.regex(stderr, fault);
    t.is(stderr.trim().split('\n').length, 1);
  });
}

/** As the Dockerfile's stage `production`. */
async function installProduction(app: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    await cp(path.join(ROOT, file), path.join(app, file));
  const { ok, stderr } = await runCommand('npm', [
    'ci',
    '--ignore-scripts',
    '--omit=dev',
    '--prefer-offline',
    '--prefix',
    app,
  ]);
  if (!ok) throw new Error(`npm ci: ${stderr}`);
}

/** As its stages `build` and `files`. */
async function build(app: string): Promise<void> {
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', path.join(app, 'dist')];
  const { ok, stdout } = await runCommand(process.execPath, args);
  if (!ok) throw new Error(stdout);
  await mkdir(path.join(app, 'docker'));
  await cp(path.join(ROOT, 'shared/redis/scripts'), path.join(app, 'dist/shared/redis/scripts'), {
    recursive: true,
  });
  await cp(path.join(ROOT, 'docker'), path.join(app, 'docker'), { recursive: true });
}
