import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { formatAge, formatSeconds } from '../../cli/duration.ts';
import { parseJson } from '../../cli/json.ts';
import { parseRetryAfter } from '../../cli/repeat.ts';
import { formatTable } from '../../cli/table.ts';
import { columnsOf, createScreen, cut, plain, type Screen } from '../../cli/terminal.ts';
import { json, startFakeBroker } from './fake-broker.ts';
import { CLI, runInferq } from './inferq-process.ts';
import { sampleJob, succeededJob } from './sample.ts';

const run = promisify(execFile);

// oxlint-disable-next-line no-control-regex -- the beginning of every escape sequence
const ESCAPE = /\u001b/;

test('a reader that has had enough is no fault', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs/job_1', json(200, succeededJob('x'.repeat(2_000_000))));
  const script = '{ "$0" "$1" jobs watch job_1; echo "exit $?" >&2; } | head -c 1';
  const env = { PATH: process.env['PATH'], INFERQ_URL: broker.url };
  const { stderr } = await run('sh', ['-c', script, process.execPath, CLI], { env });
  t.regex(stderr, /exit 0/);
  t.notRegex(stderr, /EPIPE|Error/);
});

test('no colours go where there is no terminal', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs', json(200, { data: [sampleJob()], next: null }));
  const env = { FORCE_COLOR: '', CLICOLOR_FORCE: '1', TERM: 'xterm-256color' };
  const { stdout, stderr } = await runInferq(t, ['jobs', 'ls', '--verbose'], { broker, env });
  t.notRegex(stdout + stderr, ESCAPE);
});

test('--version prints the version alone', async (t) => {
  const { code, stdout } = await runInferq(t, ['--version']);
  t.is(code, 0);
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('--help shows examples on stdout and exits with 0', async (t) => {
  const { code, stdout, stderr } = await runInferq(t, ['submit', '--help']);
  t.is(code, 0);
  t.regex(stdout, /Examples:\n {2}\$ npx inferq submit/);
  t.regex(stdout, /--token/);
  t.is(stderr, '');
});

for (const args of [
  [],
  ['jobs'],
  ['submt'],
  ['jobs', 'list'],
  ['jobs', 'get'],
  ['jobs', 'get', 'job_1', 'job_2'],
]) {
  test(`"inferq ${args.join(' ')}" is refused with exit 2`, async (t) => {
    const { code, stdout, stderr } = await runInferq(t, args);
    t.is(code, 2);
    t.is(stdout, '');
    t.not(stderr, '');
  });
}

test('a refused command line is a problem object under --json', async (t) => {
  const { code, stderr } = await runInferq(t, ['jobs', 'get', '--json']);
  t.is(code, 2);
  t.like(JSON.parse(stderr), { type: 'urn:inferq:cli:usage', detail: "missing required argument 'id'" });
});

test('durations are short and read as a person says them', (t) => {
  const seconds = [0, 0.0042, 0.9999, 1.24, 9.96, 59.6, 63, 120, 3900, 90_061];
  const said = ['0 s', '4 ms', '1.0 s', '1.2 s', '10 s', '1 m', '1 m 3 s', '2 m', '1 h 5 m', '1 d 1 h'];
  t.deepEqual(seconds.map(formatSeconds), said);
});

test('an age is told in its largest unit, and a clock that is ahead does no harm', (t) => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  const ages = [
    '2026-01-02T00:00:09Z',
    '2026-01-01T23:59:48Z',
    '2026-01-01T23:00:00Z',
    '2025-12-01T00:00:00Z',
    'x',
  ];
  t.deepEqual(
    ages.map((time) => formatAge(time, now)),
    ['now', '12 s', '1 h', '32 d', '–'],
  );
});

test('Retry-After is read as seconds and as a date', (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  t.is(parseRetryAfter('7', now), 7);
  t.is(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now), 30);
  t.is(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 0);
  t.is(parseRetryAfter('soon', now), undefined);
  t.is(parseRetryAfter(null, now), undefined);
});

function screenOf(width: number): Screen {
  return { ...createScreen(process.stdout, { NO_COLOR: '1' }), width };
}

test('a table leaves out its last columns where the terminal is narrow, and never cuts the first', (t) => {
  const rows = [['job_123', 'ok', 'yes']];
  t.is(formatTable(['ID', 'B', 'C'], rows, screenOf(80)), 'ID       B   C\njob_123  ok  yes\n');
  t.is(formatTable(['ID', 'B', 'C'], rows, screenOf(15)), 'ID       B\njob_123  ok\n');
  t.is(formatTable(['ID', 'B', 'C'], rows, screenOf(3)), 'ID\njob_123\n');
});

test('a text is cut by the columns that it takes', (t) => {
  t.is(columnsOf('añ日本👩‍👩‍👧'), 8);
  t.is(cut('日本語', 6), '日本語');
  t.is(cut('日本語', 5), '日本…');
  t.is(cut('日本語', 4), '日…');
});

test('text of others loses every escape sequence and control character', (t) => {
  t.is(
    plain('a\u001b[31mred\u001b[0m\u001b]8;;http://x\u0007link\u001b]8;;\u0007\r\n\u009b2Jb'),
    'aredlink 2Jb',
  );
});

test('JSON keeps the numbers that a double cannot hold as they were written', (t) => {
  for (const text of [
    '12345678901234567890',
    '-0.12345678901234567890',
    '1e999',
    '1e-999',
    '9007199254740993',
  ]) {
    t.is(JSON.stringify(parseJson(`[${text}]`)), `[${text}]`);
  }
  t.deepEqual(parseJson('[1.0, 0.30000000000000004, 100000000000000000000, 1e3]'), [
    1,
    0.1 + 0.2,
    1e20,
    1000,
  ]);
});
