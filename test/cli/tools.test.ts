import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { findCommand } from '../../cli/local/command.ts';
import { percentile } from '../../cli/percentile.ts';
import { json, problem, startFakeBroker } from './fake-broker.ts';
import { CLI, emptyFolder, runInferq } from './inferq-process.ts';
import { succeededJob } from './sample.ts';

const run = promisify(execFile);
const MODELS = {
  data: [
    { name: 'quiet', version: '1', backlog: 0, running: 0, endpoints: [] },
    {
      name: 'busy',
      version: '1',
      backlog: 7,
      running: 2,
      oldest_wait: 3,
      p50: 0.2,
      endpoints: [{ state: 'open' }],
    },
  ],
  next: null,
};

test('top looks once where there is no terminal, the busiest model first', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models', json(200, MODELS));
  const { code, stdout } = await runInferq(t, ['top'], { broker });
  t.is(code, 0);
  t.regex(stdout, /^MODEL +ENDPOINTS +.*\nbusy@1 +out of order +2 +7 +3 s +200 ms .*\nquiet@1 /);
});

test('top says in order of no endpoint that was never called, or failed', async (t) => {
  const broker = await startFakeBroker(t);
  const idle = { name: 'idle', endpoints: [{ state: 'unknown', failing: false }] };
  const dead = { name: 'dead', running: 1, endpoints: [{ state: 'closed', failing: true }] };
  broker.on('GET /models', json(200, { data: [idle, dead], next: null }));
  const { stdout } = await runInferq(t, ['top'], { broker });
  t.regex(stdout, /\ndead +failing .*\nidle +not called of late .*\n/);
});

test('top tells of the whole broker what its token may see', async (t) => {
  const broker = await startFakeBroker(t);
  const line = { name: 'busy', version: '1', running: 2, backlog: 7, oldest_wait: 3, state: 'open' };
  const overview = { models: [{ ...line, activity: { rate: 12.54 } }], workers: null, redis: null };
  const memory = { used: 10_000_000, limit: 512_000_000 };
  broker.on(
    'GET /overview',
    json(200, overview),
    json(200, { ...overview, workers: [{}, {}], redis: { memory } }),
  );
  const { stdout } = await runInferq(t, ['top'], { broker });
  t.regex(stdout, /^12\.5 jobs\/s\nMODEL .*JOBS\/S .*\nbusy@1 +out of order +2 +7 +12\.5 +3 s .*\n/);
  const admin = await runInferq(t, ['top'], { broker });
  t.regex(admin.stdout, /^12\.5 jobs\/s · 2 workers · Redis 10 of 512 MB\n/);
});

test('whoami and failures tell a person what the broker answers', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on(
    'GET /me',
    json(200, { tenant: 'acme', subject: 'ci', scopes: ['jobs:read', 'admin'], models: ['*'] }),
  );
  broker.on(
    'GET /tenants/acme/failures',
    json(200, { data: [{ model: 'm', error_type: 'timeout', count: 3 }], next: null }),
  );
  t.regex((await runInferq(t, ['whoami'], { broker })).stdout, /tenant +acme\n.*scopes +jobs:read, admin\n/s);
  const failures = await runInferq(t, ['failures', '--tenant', 'acme'], { broker });
  t.regex(failures.stdout, /^MODEL +ERROR +JOBS\nm +timeout +3\n/);
});

test('top on a terminal draws on the other screen, and q leaves the terminal as it was', async (t) => {
  if (!(await has(t, 'script'))) return;
  const broker = await startFakeBroker(t);
  broker.on('GET /models', json(200, MODELS));
  const file = path.join(await emptyFolder(t), 'run.sh');
  const command = `'${process.execPath}' '${CLI}' top --interval 0.1; echo "exit $?"; stty -a | tr ';' '\\n' | grep -w icanon`;
  // The key comes when the table has been drawn twice.
  await writeFile(
    file,
    `{ until [ -e '${file}.go' ]; do sleep 0.1; done; printf q; sleep 0.2; } | script -qec "$1" /dev/null\n`,
  );
  const timer = setInterval(() => {
    if (broker.seen.filter(({ url }) => url === '/models').length < 2) return;
    clearInterval(timer);
    void writeFile(`${file}.go`, '');
  }, 50);
  t.teardown(() => clearInterval(timer));
  const env = { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh', INFERQ_URL: broker.url };
  const { stdout } = await run('sh', [file, command], { env });
  const screen = stdout.slice(stdout.indexOf('\u001b[?1049h'), stdout.indexOf('\u001b[?25h\u001b[?1049l'));
  t.true(screen.includes('busy@1'), stdout);
  t.regex(stdout, /exit 0/);
  t.regex(stdout, /[^-]icanon/);
});

test('bench tells latencies and errors as the client sees them', async (t) => {
  const broker = await startFakeBroker(t);
  const full = problem(503, 'broker_full', 'No room.', { headers: { 'Retry-After': '9' } });
  broker.on('POST /jobs', full, json(200, succeededJob(1)));
  const args = ['bench', 'm', '-n', '5', '-c', '2', '-i', 'a=1', '--json'];
  const { code, stdout } = await runInferq(t, args, { broker });
  t.is(code, 1);
  const report = Object(JSON.parse(stdout));
  t.like(report, { model: 'm', requests: 5, errors: { broker_full: 1 }, run_time: { p50: 1.25, max: 1.25 } });
  t.true(report.latency.p50 > 0 && report.latency.p50 <= report.latency.p99);
  t.like(JSON.parse(broker.seen[0]?.body ?? ''), { cache: 'bypass', input: { a: 1 } });
});

test('a percentile is a value that was there', (t) => {
  const values = [5, 1, 4, 2, 3];
  t.deepEqual(
    [0, 0.5, 0.8, 0.81, 1].map((share) => percentile(values, share)),
    [1, 3, 4, 5, 5],
  );
  t.is(percentile([], 0.5), Number.NaN);
});

test('bash completes commands after commands, and options', async (t) => {
  if (!(await has(t, 'bash'))) return;
  const { stdout: script } = await runInferq(t, ['completion', 'bash']);
  const complete = async (...words: string[]) => {
    const asked = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _inferq; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['-c', asked, 'bash', ...words]);
    return stdout.trim().split(' ');
  };
  t.deepEqual(await complete('inferq', 'jobs', 'c'), ['cancel']);
  t.deepEqual(await complete('inferq', '--url', 'http://x', 'tok'), ['tokens']);
  t.true((await complete('inferq', 'submit', 'm', '--')).includes('--idempotency-key'));
});

for (const shell of ['zsh', 'fish']) {
  test(`${shell} gets a script that it can read`, async (t) => {
    const { code, stdout } = await runInferq(t, ['completion', shell]);
    t.is(code, 0);
    t.regex(stdout, /inferq/);
    if (!(await has(t, shell))) return;
    const file = path.join(await emptyFolder(t), 'completion');
    await writeFile(file, stdout);
    await t.notThrowsAsync(run(shell, ['-n', file]));
  });
}

test('zsh completes commands after commands, and options', async (t) => {
  if (!(await has(t, 'zsh'))) return;
  const { stdout: script } = await runInferq(t, ['completion', 'zsh']);
  const complete = async (...words: string[]) => {
    // What its own completion would bring, and what that would be given.
    const around = 'compdef() {}; _files() { echo files }; _describe() { print -l -- "${(@P)@[-1]}" }';
    const asked = `${around}\n${script}\nwords=("$@"); CURRENT=$#; _inferq`;
    const { stdout } = await run('zsh', ['-fc', asked, 'zsh', ...words]);
    return stdout.trim().split('\n');
  };
  t.true((await complete('inferq', 'jobs', '')).includes('cancel:Cancels a job, also one that runs.'));
  t.true((await complete('inferq', '--url', 'http://x', '')).some((line) => line.startsWith('tokens:')));
  t.true((await complete('inferq', 'submit', 'm', '--')).some((line) => line.startsWith('--ttl:')));
  t.deepEqual(await complete('inferq', 'submit', ''), ['files']);
});

test('fish completes commands after commands, and options', async (t) => {
  if (!(await has(t, 'fish'))) return;
  const { stdout: script } = await runInferq(t, ['completion', 'fish']);
  const complete = async (line: string) => {
    const { stdout } = await run('fish', ['-Nc', `${script}\ncomplete -C '${line}'`]);
    return stdout.trim().split('\n');
  };
  t.true((await complete('inferq jobs c')).includes('cancel\tCancels a job, also one that runs.'));
  t.true((await complete('inferq submit m --tt')).some((found) => found.startsWith('--ttl\t')));
});

async function has(t: ExecutionContext, name: string): Promise<boolean> {
  if ((await findCommand(name, process.env['PATH'] ?? '')) !== undefined) return true;
  t.log(`not tried: this machine has no ${name}`);
  t.pass();
  return false;
}
