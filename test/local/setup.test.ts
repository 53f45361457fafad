import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { cloneFolder } from '../../cli/local/clone.ts';
import { makeFolder, writeProgram } from './fixtures/folder.ts';
import { until, untilDead } from './fixtures/supervised.ts';

const LOCK_FILE = { packages: { '': {}, 'node_modules/node': { version: '26.10.0' } } };

// Installs what LOCK_FILE names, slowly, and counts how often it is asked to.
const NPM = `
echo "$1" >> npm-calls
[ -n "$NPM_FAILS" ] && { echo "npm error code $NPM_FAILS" >&2; echo "npm error $NPM_FAILS it says" >&2; exit 1; }
sleep 0.5
case "$1" in
  ci) rm -rf node_modules; mkdir -p node_modules; cp package-lock.json node_modules/.package-lock.json;;
  rebuild) mkdir -p node_modules/.bin; ln -sf "${process.execPath}" node_modules/.bin/node;;
esac`;

interface Run {
  code: number | string | null;
  stdout: string;
  stderr: string;
}

test('a fresh clone gets its dependencies, and then runs the rest with the project’s Node', async (t) => {
  const clone = await makeProject(t);
  const { code, stdout, stderr } = await setUp(clone, ['-p', '6 * 7']);
  t.is(stdout, '42\n');
  t.is(stderr, 'Installing dependencies (once, about a minute) …\n');
  t.is(code, 0);
  t.deepEqual(await calls(clone), ['ci', 'rebuild']);
});

test('a second start does not install', async (t) => {
  const clone = await makeProject(t);
  await setUp(clone, ['-p', '1']);
  const second = await setUp(clone, ['-p', '2']);
  t.deepEqual(second, { code: 0, stdout: '2\n', stderr: '' });
  t.is((await calls(clone)).length, 2);
});

test('what a person has installed with npm counts', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0');
  t.is((await setUp(clone, ['-p', '1'])).stderr, '');
  t.deepEqual(await calls(clone), []);
});

test('an optional package of another platform is not missed', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0');
  const packages = { ...LOCK_FILE.packages, 'node_modules/fsevents': { version: '2.3.3', optional: true } };
  await writeFile(join(clone, 'package-lock.json'), JSON.stringify({ packages }));
  await setUp(clone, ['-p', '1']);
  t.deepEqual(await calls(clone), []);
});

test('another version than the lock file’s is installed anew', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '24.0.0');
  await setUp(clone, ['-p', '1']);
  t.deepEqual(await calls(clone), ['ci', 'rebuild']);
});

test('only the project’s Node is fetched where that alone is missing', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0');
  await rm(join(clone, 'node_modules', '.bin'), { recursive: true });
  await setUp(clone, ['-p', '1']);
  t.deepEqual(await calls(clone), ['rebuild']);
});

test('of three at once, one installs and the others wait for it', async (t) => {
  const clone = await makeProject(t);
  const runs = await Promise.all(['1', '2', '3'].map((value) => setUp(clone, ['-p', value])));
  t.deepEqual(
    runs.map(({ code, stdout }) => [code, stdout]),
    [
      [0, '1\n'],
      [0, '2\n'],
      [0, '3\n'],
    ],
  );
  t.deepEqual(await calls(clone), ['ci', 'rebuild']);
  t.is(runs.filter(({ stderr }) => /^Another start is installing.*\n$/.test(stderr)).length, 2);
});

test('the lock of a start that has died is taken over', async (t) => {
  const clone = await makeProject(t);
  await mkdir(join(clone, '.inferq'));
  await writeFile(join(clone, '.inferq', 'install.lock'), '99999999 of-a-crash');
  t.is((await setUp(clone, ['-p', '1'])).code, 0);
  t.false(existsSync(join(clone, '.inferq', 'install.lock')));
});

for (const [fault, line] of [
  [
    'ENOTFOUND',
    /^inferq: the npm registry cannot be reached\. .* type: npm ci --ignore-scripts && npm rebuild node$/m,
  ],
  [
    'EACCES',
    /^inferq: npm ci failed \(EACCES it says\)\. Type: npm ci --ignore-scripts && npm rebuild node$/m,
  ],
] as const) {
  test(`npm failing with ${fault} is one line with what to type`, async (t) => {
    const { code, stderr } = await setUp(await makeProject(t), ['-p', '1'], { NPM_FAILS: fault });
    t.is(code, 1);
    t.regex(stderr, line);
    t.is(stderr.trim().split('\n').length, 2);
  });
}

test('a machine without npm is one line', async (t) => {
  const { code, stderr } = await setUp(await makeProject(t), ['-p', '1'], { PATH: '/nowhere' });
  t.is(code, 1);
  t.regex(stderr, /^inferq: npm was not found\..*nodejs\.org$/m);
});

// Says, as the loader does, that a library is missing.
const UNLOADABLE = `
echo "$0: error while loading shared libraries: libatomic.so.1: cannot open shared object file" >&2
exit 127`;

test('where the project’s Node lacks a library, a recent one of the machine does', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0', UNLOADABLE);
  t.deepEqual(await setUp(clone, ['-p', '1']), { code: 0, stdout: '1\n', stderr: '' });
});

test('where the machine’s Node is old as well, one line says what to type', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0', UNLOADABLE);
  const { code, stdout, stderr } = await setUp(clone, ['-p', '1'], asNode('20.19.0'));
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^inferq: .* lacks libatomic\.so\.1 here\. .*sudo apt-get install libatomic1\).*\n$/);
});

test('a Node that is there but not for this system is one line', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0', '');
  await writeFile(join(clone, 'node_modules', '.bin', 'node'), '#!/loader/of/another/system\n');
  const { code, stderr } = await setUp(clone, ['-p', '1'], asNode('20.19.0'));
  t.is(code, 1);
  t.regex(stderr, /^inferq: .*\.bin\/node does not run here \(ENOENT\)\. Install Node 22\.20 or later\.\n$/);
});

/** npm puts the project's Node first in the PATH of its scripts. */
test('npm start begins with the Node that npm runs with', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0', UNLOADABLE);
  const { scripts } = JSON.parse(await readFile(join(cloneFolder(), 'package.json'), 'utf8'));
  for (const name of ['start', 'test', 'test:chaos']) {
    const command = String(scripts[name]).replace(/setup\.mjs .*/, 'setup.mjs -p 1');
    const { stdout, stderr } = await run(clone, 'sh', ['-c', command], {
      PATH: `${join(clone, 'node_modules', '.bin')}:/usr/bin:/bin`,
      npm_node_execpath: process.execPath,
    });
    t.deepEqual([stdout, stderr], ['1\n', ''], name);
  }
});

/** Lets our Node pass for another. */
function asNode(version: string): Record<string, string> {
  const script = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

test('the exit code is the program’s, and signals reach it', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0');
  t.is((await setUp(clone, ['-e', 'process.exit(7)'])).code, 7);
  const script = `process.on('SIGTERM', () => process.exit(8)); console.log('on'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['cli/setup.mjs', '-e', script], { cwd: clone });
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  await until(() => stdout.includes('on'));
  child.kill('SIGTERM');
  t.is(await until(() => child.exitCode), 8);
});

test('when npm is killed, what it has started ends as well', async (t) => {
  const clone = await makeProject(t);
  await installByHand(clone, '26.10.0');
  const script = `process.on('SIGTERM', () => process.exit()); console.log(process.pid); setInterval(() => {}, 1000)`;
  // As npm runs a script: in a shell that does not pass signals on.
  const shell = spawn('sh', ['-c', '"$0" cli/setup.mjs -e "$1"; true', process.execPath, script], {
    cwd: clone,
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  let stdout = '';
  shell.stdout.on('data', (chunk) => (stdout += String(chunk)));
  const pid = Number(await until(() => /\d+\n/.exec(stdout)?.[0]));
  shell.kill('SIGTERM');
  await untilDead(pid);
  t.pass();
});

/** A clone in miniature, with a fake npm in `bin`. */
async function makeProject(t: ExecutionContext): Promise<string> {
  const clone = await makeFolder(t);
  await mkdir(join(clone, 'cli', 'local'), { recursive: true });
  for (const file of [
    'setup',
    'local/dashboard-build',
    'local/dependencies',
    'local/hand-over',
    'local/install-lock',
  ]) {
    await cp(join(cloneFolder(), 'cli', `${file}.mjs`), join(clone, 'cli', `${file}.mjs`));
  }
  await writeFile(join(clone, 'package-lock.json'), JSON.stringify(LOCK_FILE));
  await writeProgram(join(clone, 'bin', 'npm'), NPM);
  return clone;
}

async function installByHand(clone: string, version: string, node?: string): Promise<void> {
  const bin = join(clone, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  if (node === undefined) await symlink(process.execPath, join(bin, 'node'));
  else await writeProgram(join(bin, 'node'), node);
  const packages = { 'node_modules/node': { version } };
  await writeFile(join(clone, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

function setUp(clone: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  return run(clone, process.execPath, ['cli/setup.mjs', ...args], env);
}

function run(clone: string, command: string, args: string[], env: Record<string, string>): Promise<Run> {
  const options = { cwd: clone, env: { PATH: `${join(clone, 'bin')}:/usr/bin:/bin`, ...env } };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? null) : 0, stdout, stderr });
    });
  });
}

async function calls(clone: string): Promise<string[]> {
  const text = await readFile(join(clone, 'npm-calls'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean);
}
