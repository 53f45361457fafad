import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, { type ExecutionContext } from 'ava';
import { createInOrder, type Result } from '../../cli/batch/result.ts';
import { describeProgress } from '../../cli/progress-bar.ts';
import { problem, startFakeBroker, json, type Reply } from './fake-broker.ts';
import { emptyFolder, runInferq } from './inferq-process.ts';
import { failedJob, succeededJob } from './sample.ts';

async function fileOf(t: ExecutionContext, ...lines: unknown[]): Promise<string> {
  const file = path.join(await emptyFolder(t), 'jobs.jsonl');
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

function resultsOf(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => Object(JSON.parse(line)));
}

const refused = (line: number): Result => ({ line, id: null, status: 'refused', output: null, error: null });

const NO_ANSWER: Reply = () => {};

/** Answers with the input. */
const echo: Reply = (response, seen) => {
  const { input } = Object(JSON.parse(seen.body));
  json(200, succeededJob(input, { id: `job_${String(input.n)}` }))(response, seen);
};

test('the jobs of a file give their results in the order of the lines', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', echo);
  const numbers = [1, 2, 3, 4, 5];
  const file = await fileOf(t, ...numbers.map((n) => ({ n })));
  const args = ['submit', file, '--model', 'm', '--in-flight', '2', '--priority', 'low'];
  const { code, stdout, stderr } = await runInferq(t, args, { broker });
  t.is(code, 0, stderr);
  t.deepEqual(
    resultsOf(stdout).map(({ line, output }) => [line, output]),
    numbers.map((n) => [n, { n }]),
  );
  t.like(JSON.parse(broker.seen[0]?.body ?? ''), { model: 'm', priority: 'low' });
  t.regex(stderr, /5 jobs succeeded/);
  t.false(existsSync(`${file}.inferq`));
});

test('what is refused for now is tried again after Retry-After, under the same key', async (t) => {
  const broker = await startFakeBroker(t);
  const full = problem(503, 'broker_full', 'No room.', { headers: { 'Retry-After': '1' } });
  broker.on('POST /jobs', full, echo);
  const file = await fileOf(t, { model: 'm', input: { n: 1 } });
  const started = performance.now();
  const { code, stderr } = await runInferq(t, ['submit', file], { broker });
  t.is(code, 0, stderr);
  t.true(performance.now() - started >= 1000);
  const keys = broker.seen.map(({ headers }) => headers['idempotency-key']);
  t.is(keys.length, 2);
  t.is(new Set(keys).size, 1);
});

test('a job that failed or was refused is a result, and the exit tells of it', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(200, failedJob()), problem(422, 'invalid_input', 'It does not fit.'), echo);
  const jobs = [1, 2, 3].map((n) => ({ model: 'm', input: { n } }));
  const file = await fileOf(t, ...jobs);
  const output = `${file}.results`;
  const { code, stdout, stderr } = await runInferq(t, ['submit', file, '--in-flight', '1', '-o', output], {
    broker,
  });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /2 of 3 jobs did not succeed/);
  const results = resultsOf(await readFile(output, 'utf8'));
  t.deepEqual(
    results.map(({ status }) => status),
    ['failed', 'refused', 'succeeded'],
  );
  t.like(results[1], { id: null, error: { error_type: 'invalid_input' } });
});

test('after Ctrl-C the same command does only what is left, under the same keys', async (t) => {
  const broker = await startFakeBroker(t);
  const file = await fileOf(t, ...[1, 2, 3].map((n) => ({ model: 'm', input: { n } })));
  broker.on('POST /jobs', echo, NO_ANSWER);
  const args = ['submit', file, '--in-flight', '1'];
  const first = await runInferq(t, args, {
    broker,
    meanwhile: (child) => {
      const timer = setInterval(() => {
        if (broker.seen.length < 2) return;
        clearInterval(timer);
        child.kill('SIGINT');
      }, 20);
    },
  });
  t.is(first.code, 130);
  t.regex(first.stderr, /The same command goes on where it stopped/);
  t.is(resultsOf(first.stdout).length, 1);
  const interrupted = broker.seen[1]?.headers['idempotency-key'];
  broker.on('POST /jobs', echo);
  const second = await runInferq(t, args, { broker });
  t.is(second.code, 0, second.stderr);
  t.deepEqual(
    resultsOf(second.stdout).map(({ id }) => id),
    ['job_1', 'job_2', 'job_3'],
  );
  t.is(broker.seen.length, 4);
  t.is(broker.seen[2]?.headers['idempotency-key'], interrupted);
});

test('a side file of other jobs is not gone on with', async (t) => {
  const broker = await startFakeBroker(t);
  const file = await fileOf(t, { model: 'm', input: 1 });
  await writeFile(`${file}.inferq`, '{"run":"r","digest":"other"}\n');
  const { code, stderr } = await runInferq(t, ['submit', file], { broker });
  t.is(code, 2);
  t.regex(stderr, /is of a run with other jobs/);
});

test('a token that is not valid ends it at once, and nothing that was done is lost', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', echo, problem(401, 'unauthenticated', 'No.'));
  const file = await fileOf(t, ...[1, 2, 3].map((n) => ({ model: 'm', input: { n } })));
  const { code } = await runInferq(t, ['submit', file, '--in-flight', '1'], { broker });
  t.is(code, 1);
  t.is(broker.seen.length, 2);
  t.regex(await readFile(`${file}.inferq`, 'utf8'), /"id":"job_1"/);
});

test('a file of results that cannot be written is told before anything is sent, and nothing is left', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', echo);
  const file = await fileOf(t, { model: 'm', input: { n: 1 } });
  const output = path.join(path.dirname(file), 'none', 'results.jsonl');
  const { code, stderr } = await runInferq(t, ['submit', file, '-o', output], { broker });
  t.is(code, 2);
  t.true(stderr.includes(`${output} cannot be written: ENOENT`), stderr);
  t.is(broker.seen.length, 0);
  t.false(existsSync(`${file}.inferq`));
});

test('a file of results that another run has begun stays as it is', async (t) => {
  const broker = await startFakeBroker(t);
  const file = await fileOf(t, { model: 'm', input: 1 });
  await writeFile(`${file}.inferq`, '{"run":"r","digest":"other"}\n');
  await writeFile(`${file}.results`, 'theirs');
  t.is((await runInferq(t, ['submit', file, '-o', `${file}.results`], { broker })).code, 2);
  t.is(await readFile(`${file}.results`, 'utf8'), 'theirs');
});

test('a place beside the jobs that cannot be written is told before anything is sent', async (t) => {
  const broker = await startFakeBroker(t);
  const file = await fileOf(t, { model: 'm', input: { n: 1 } });
  await mkdir(`${file}.inferq`);
  const { code, stderr } = await runInferq(t, ['submit', file], { broker });
  t.is(code, 2);
  t.true(stderr.includes(`${file}.inferq cannot be used: EISDIR`), stderr);
  t.is(broker.seen.length, 0);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'a disk that is full ends it in a sentence, and the same command goes on where it stopped',
  async (t) => {
    const broker = await startFakeBroker(t);
    broker.on('POST /jobs', echo);
    const file = await fileOf(t, ...[1, 2, 3].map((n) => ({ model: 'm', input: { n } })));
    const args = ['submit', file, '--in-flight', '1'];
    const full = await runInferq(t, [...args, '-o', '/dev/full'], { broker });
    t.is(full.code, 1);
    t.regex(full.stderr, /\/dev\/full cannot be written[^]*no space left on device/);
    t.notRegex(full.stderr, /at .*\.ts:\d/, 'no stack');
    const again = await runInferq(t, args, { broker });
    t.is(again.code, 0, again.stderr);
    t.deepEqual(
      resultsOf(again.stdout).map(({ id }) => id),
      ['job_1', 'job_2', 'job_3'],
    );
    const keys = broker.seen.map(({ headers }) => headers['idempotency-key']);
    t.is(new Set(keys).size, 3);
  },
);

for (const [what, lines, fault] of [
  ['no JSON', '{"model": "m", "input": 1}\nnot\n', /jobs.jsonl:2 is not JSON/],
  ['no job', '\n{"text": "a"}\n', /jobs.jsonl:2 is not a job/],
] as const) {
  test(`a line that is ${what} is told before anything is sent`, async (t) => {
    const broker = await startFakeBroker(t);
    const file = path.join(await emptyFolder(t), 'jobs.jsonl');
    await writeFile(file, lines);
    const { code, stderr } = await runInferq(t, ['submit', file], { broker });
    t.is(code, 2);
    t.regex(stderr, fault);
    t.is(broker.seen.length, 0);
  });
}

test('results that come early wait for those before them', (t) => {
  const written: number[] = [];
  const inOrder = createInOrder(({ line }) => void written.push(line));
  for (const line of [2, 5, 9]) inOrder.expect(line);
  inOrder.add(refused(9));
  inOrder.add(refused(5));
  t.deepEqual(written, []);
  inOrder.add(refused(2));
  t.deepEqual(written, [2, 5, 9]);
});

test('the bar tells the rate and the rest of what was done in this run', (t) => {
  const text = describeProgress({ done: 50, total: 100, failed: 1, elapsed: 10, before: 30 });
  t.is(text, '████████████░░░░░░░░░░░░ 50 of 100 · 2.0/s · about 25 s left · 1 failed');
  t.is(describeProgress({ done: 0, total: 0, failed: 0, elapsed: 0, before: 0 }), `${'█'.repeat(24)} 0 of 0`);
});
