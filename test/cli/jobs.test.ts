import test from 'ava';
import type { Job } from '../../shared/job.ts';
import { events, hangUp, json, problem, startFakeBroker } from './fake-broker.ts';
import { runInferq } from './inferq-process.ts';
import { failedJob, sampleJob, succeededJob } from './sample.ts';

test('jobs ls prints an aligned table, newest first as the broker gives it', async (t) => {
  const broker = await startFakeBroker(t);
  const data = [succeededJob(1, { id: 'job_22' }), sampleJob({ id: 'job_1', model: 'ocr' })];
  broker.on('GET /jobs', json(200, { data, next: null }));
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'ls'], { broker });
  t.is(code, 0, stderr);
  t.deepEqual(stdout.split('\n'), [
    'ID      MODEL          STATUS     AGE  QUEUED  RAN    CACHE',
    'job_22  language-id@1  succeeded  1 m  4 ms    1.3 s  miss',
    'job_1   ocr@1          queued     1 m  –       –      miss',
    '',
  ]);
});

test('jobs ls asks for what its options say', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs', json(200, { data: [], next: null }));
  const labels = ['--metadata', 'order=42', '-m', 'shop=a b'];
  const choice = ['--model', 'ocr@2', '--status', 'failed', '--error-type', 'model_error', '-n', '7'];
  await runInferq(t, ['jobs', 'ls', ...choice, ...labels], { broker });
  const query = new URLSearchParams(broker.seen[0]?.url.split('?')[1]);
  t.deepEqual(Object.fromEntries(query), {
    limit: '7',
    model: 'ocr@2',
    status: 'failed',
    error_type: 'model_error',
    'metadata.order': '42',
    'metadata.shop': 'a b',
  });
});

function page(...ids: string[]): Job[] {
  return ids.map((id) => sampleJob({ id }));
}

test('jobs ls follows the pages until it has as many as asked for, and says that there are more', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on(
    'GET /jobs',
    json(200, { data: page('job_1', 'job_2'), next: '/jobs?cursor=b' }),
    json(200, { data: page('job_3', 'job_4'), next: '/jobs?cursor=c' }),
  );
  const { stdout, stderr } = await runInferq(t, ['jobs', 'ls', '--limit', '3'], { broker });
  t.deepEqual(stdout.match(/job_\d/g), ['job_1', 'job_2', 'job_3']);
  t.is(broker.seen.length, 2);
  t.is(broker.seen[1]?.url, '/jobs?cursor=b');
  t.regex(stderr, /There are more/);
});

test('jobs ls --json prints the jobs of all its pages and where the next begins', async (t) => {
  const broker = await startFakeBroker(t);
  const [first, second] = [sampleJob({ id: 'job_1' }), sampleJob({ id: 'job_2' })];
  broker.on(
    'GET /jobs',
    json(200, { data: [first], next: '/jobs?cursor=b' }),
    json(200, { data: [second], next: null }),
  );
  const { stdout, stderr } = await runInferq(t, ['jobs', 'ls', '--json'], { broker });
  t.deepEqual(JSON.parse(stdout), { data: [first, second], next: null });
  t.is(stderr, '');
});

test('jobs ls says when there are none, and what to type next', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs', json(200, { data: [], next: null }));
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'ls'], { broker });
  t.is(code, 0);
  t.is(stdout, '');
  t.regex(stderr, /No jobs yet.*npx inferq submit/);
});

test('jobs ls says when none fit, and how to see all', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs', json(200, { data: [], next: null }));
  for (const choice of [
    ['--status', 'failed'],
    ['--error-type', 'model_error'],
  ]) {
    const { stderr } = await runInferq(t, ['jobs', 'ls', ...choice], { broker });
    t.regex(stderr, /No jobs fit.*npx inferq jobs ls/);
  }
});

for (const args of [
  ['--status', 'done'],
  ['--limit', '0'],
  ['--limit', 'many'],
]) {
  test(`jobs ls refuses ${args.join(' ')} with exit 2`, async (t) => {
    const broker = await startFakeBroker(t);
    const { code } = await runInferq(t, ['jobs', 'ls', ...args], { broker });
    t.is(code, 2);
    t.is(broker.seen.length, 0);
  });
}

test('jobs get shows a job with its labels and its output', async (t) => {
  const broker = await startFakeBroker(t);
  const job = succeededJob({ language: 'de' }, { metadata: { order: '42' } });
  broker.on('GET /jobs/job_1', json(200, job));
  const { code, stdout } = await runInferq(t, ['jobs', 'get', 'job_1'], { broker });
  t.is(code, 0);
  t.regex(stdout, /^status +succeeded$/m);
  t.regex(stdout, /^metadata +order=42$/m);
  t.regex(stdout, /^ran +1\.3 s$/m);
  t.regex(stdout, /"language": "de"/);
});

test('jobs get of a job that failed is fine, and shows why and each attempt that it asked for', async (t) => {
  const broker = await startFakeBroker(t);
  const times = { started_at: '2026-01-01T00:00:00.000Z', ended_at: '2026-01-01T00:00:01.000Z' };
  const attempts = [{ attempt: 1, ...times, outcome: 'model_timeout', endpoint: 'http://m/infer' }];
  broker.on('GET /jobs/job_1', json(200, failedJob({ attempts, input: { text: 'Hallo' } })));
  const { code, stdout } = await runInferq(t, ['jobs', 'get', 'job_1', '--include', 'input,attempts'], {
    broker,
  });
  t.is(code, 0);
  t.is(broker.seen[0]?.url, '/jobs/job_1?include=input%2Cattempts');
  t.regex(stdout, /^detail +HTTP 500: out of memory$/m);
  t.regex(stdout, /^attempt +1: model_timeout · http:\/\/m\/infer$/m);
  t.regex(stdout, /"text": "Hallo"/);
});

test('jobs get says that there is no such job', async (t) => {
  const broker = await startFakeBroker(t);
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'get', 'job_9'], { broker });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /There is no such resource/);
  t.regex(stderr, /npx inferq jobs ls/);
});

for (const id of ['../tenants', '..', 'language-id', '']) {
  test(`jobs get refuses ${JSON.stringify(id)} as an id with exit 2`, async (t) => {
    const broker = await startFakeBroker(t);
    const { code, stderr } = await runInferq(t, ['jobs', 'get', id], { broker });
    t.is(code, 2);
    t.regex(stderr, /not the id of a job/);
    t.is(broker.seen.length, 0);
  });
}

test('jobs watch follows a job that runs to its end and prints its output', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs/job_1', json(200, sampleJob({ status: 'running' })));
  broker.on('GET /jobs/job_1/events', events([['done', succeededJob('de')]]));
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'watch', 'job_1'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'de\n');
});

test('jobs watch of a job that failed exits with 1 and opens no stream', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs/job_1', json(200, failedJob()));
  const { code, stderr } = await runInferq(t, ['jobs', 'watch', 'job_1'], { broker });
  t.is(code, 1);
  t.regex(stderr, /out of memory/);
  t.is(broker.seen.length, 1);
});

test('jobs watch --wait N exits with 4 when it runs out', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs/job_1', json(200, sampleJob({ status: 'running' })));
  broker.on('GET /jobs/job_1/events', events([], 'hold'));
  const { code } = await runInferq(t, ['jobs', 'watch', 'job_1', '--wait', '0.3'], { broker });
  t.is(code, 4);
});

test('jobs cancel cancels, and asks again when no answer came', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs/job_1/cancel', hangUp, json(200, sampleJob({ status: 'canceled' })));
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'cancel', 'job_1'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'job_1\n');
  t.regex(stderr, /canceled/);
});

test('jobs cancel of a job that has ended says how to see its end', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs/job_1/cancel', problem(409, 'job_ended', 'It succeeded'));
  const { code, stderr } = await runInferq(t, ['jobs', 'cancel', 'job_1'], { broker });
  t.is(code, 1);
  t.regex(stderr, /npx inferq jobs get job_1/);
});

test('jobs retry runs a job again and says how to follow it', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs/job_1/retry', json(202, sampleJob()));
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'retry', 'job_1'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'job_1\n');
  t.regex(stderr, /npx inferq jobs watch job_1/);
});

test('jobs retry is sent once, for a second would be refused when the first arrived', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs/job_1/retry', hangUp);
  const { code } = await runInferq(t, ['jobs', 'retry', 'job_1'], { broker });
  t.is(code, 3);
  t.is(broker.seen.length, 1);
});

test('jobs deliveries tells why an attempt failed and when the next one comes', async (t) => {
  const broker = await startFakeBroker(t);
  const attempt = {
    id: 'msg_job_1_1',
    event: 'job.succeeded',
    url: 'http://a/',
    attempt: 1,
    at: '2026-01-31T12:00:00.000Z',
    next_at: '2026-01-31T12:00:05.000Z',
    outcome: 'failed',
    duration_ms: 29,
    error: 'The connection was refused.',
  };
  broker.on('GET /jobs/job_1/deliveries', json(200, { data: [attempt], next: null }));
  const { stdout } = await runInferq(t, ['jobs', 'deliveries', 'job_1'], { broker });
  t.regex(stdout, /failed in 29 ms: The connection was refused\.; again at 2026-01-31T12:00:05\.000Z\n$/);
});
