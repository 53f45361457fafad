import test, { type ExecutionContext } from 'ava';
import { createClient } from '../../cli/client.ts';
import { follow } from '../../cli/follow.ts';
import type { Job } from '../../shared/job.ts';
import { events, json, problem, startFakeBroker, type FakeBroker, type Reply } from './fake-broker.ts';
import { runInferq, whenItSays, type RunOptions } from './inferq-process.ts';
import { failedJob, sampleJob, succeededJob } from './sample.ts';

/** A broker that takes job_1, then streams this. */
async function streamingBroker(t: ExecutionContext, ...streams: Reply[]): Promise<FakeBroker> {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(202, sampleJob()));
  broker.on('GET /jobs/job_1', json(200, sampleJob({ status: 'running' })));
  broker.on('GET /jobs/job_1/events', ...streams);
  return broker;
}

function submitAndWait(t: ExecutionContext, args: string[], options: RunOptions) {
  return runInferq(t, ['submit', 'language-id', '-i', '{}', ...args], options);
}

function eventsOf(...between: [string, unknown][]): (job: Job) => Reply {
  return (job) => events([['status', { status: 'running', attempt: 1 }], ...between, ['done', job]]);
}

function queuedAt(position: number, eta: number | null): Reply {
  return json(200, sampleJob({ queue: { position, eta } }));
}

test('--wait prints the output alone on stdout, as JSON', async (t) => {
  const broker = await streamingBroker(t, eventsOf()(succeededJob({ language: 'de' })));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, '{\n  "language": "de"\n}\n');
});

test('--wait prints an output that is text as it is', async (t) => {
  const broker = await streamingBroker(t, eventsOf()(succeededJob('Call me "Ishmael".\nSome years ago')));
  const { stdout } = await submitAndWait(t, ['--wait'], { broker });
  t.is(stdout, 'Call me "Ishmael".\nSome years ago\n');
});

test('--wait changes no number of the output', async (t) => {
  const job = JSON.stringify(succeededJob('ID')).replace('"ID"', '{"id":12345678901234567890,"p":0.1}');
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(200, job));
  const { stdout } = await submitAndWait(t, ['--wait'], { broker });
  t.is(stdout, '{\n  "id": 12345678901234567890,\n  "p": 0.1\n}\n');
});

test('--wait shows each change on stderr once, in plain lines, where that is no terminal', async (t) => {
  const progress: [string, unknown] = ['progress', { progress: 0.5, message: 'half' }];
  const stream = eventsOf(progress, progress, ['log', { message: 'loading' }])(succeededJob(1));
  const broker = await streamingBroker(t, stream);
  const { stderr } = await submitAndWait(t, ['--wait'], { broker });
  const lines = [
    'queued',
    'running',
    'running · 50% · half',
    'loading',
    '✓ job_1 succeeded · queued 4 ms · ran 1.3 s',
  ];
  t.deepEqual(stderr.trimEnd().split('\n'), lines);
});

test('--wait shows the place in the queue, and how it changes', async (t) => {
  const broker = await streamingBroker(t, events([['status', { status: 'queued' }]], 'hold'));
  broker.on('POST /jobs', queuedAt(3, 1.25));
  broker.on('GET /jobs/job_1', queuedAt(2, null), json(200, succeededJob(1)));
  const { code, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 0);
  t.true(stderr.startsWith('queued · position 3, starts in about 1.3 s\nqueued · position 2\n✓'), stderr);
});

test('--wait says why a job failed and what to do, prints no output and exits with 1', async (t) => {
  const broker = await streamingBroker(t, eventsOf()(failedJob()));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /The model refused or failed the request \(model_error\)\n {2}HTTP 500: out of memory/);
  t.regex(stderr, /Look at the input and at the log of the model server/);
  t.regex(stderr, /npx inferq jobs retry job_1/);
});

for (const status of ['canceled', 'expired'] as const) {
  test(`--wait exits with 1 when the job is ${status}, and says so`, async (t) => {
    const broker = await streamingBroker(t, events([['done', sampleJob({ status })]]));
    const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, new RegExp(`✗ The job (was )?${status}`));
  });
}

test('--wait asks no more of a job that the cache has answered', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(200, succeededJob('de', { cache: 'hit' })));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 0);
  t.is(stdout, 'de\n');
  t.regex(stderr, /cache hit/);
  t.is(broker.seen.length, 1);
});

test('--wait polls when the broker cannot stream', async (t) => {
  const broker = await streamingBroker(t, problem(404, 'not_found', 'No events here'));
  broker.on('GET /jobs/job_1', json(200, sampleJob({ status: 'running' })), json(200, succeededJob('de')));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'de\n');
  t.truthy(broker.seen.find(({ url }) => /^\/jobs\/job_1\?wait=\d+$/.test(url)));
});

test('--wait resumes a stream that broke where it broke, and prints no piece twice', async (t) => {
  const status: [string, unknown] = ['status', { status: 'running', attempt: 1 }];
  const first = events([status, ['output', { chunk: 'Call ' }]], 'cut');
  const second = events(
    [
      ['output', { chunk: 'me' }],
      ['done', succeededJob('Call me')],
    ],
    'end',
    3,
  );
  const broker = await streamingBroker(t, first, second);
  const { code, stdout, stderr } = await submitAndWait(t, ['--stream'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'Call me\n');
  const streams = broker.seen.filter(({ url }) => url.endsWith('/events'));
  t.deepEqual(
    streams.map(({ headers }) => headers['last-event-id']),
    [undefined, '2'],
  );
});

const nothing = () => undefined;

test('a stream that falls silent is given up, and goes on after the last event', async (t) => {
  const broker = await streamingBroker(
    t,
    events([['status', { status: 'running', attempt: 1 }]], 'hold'),
    events([['done', succeededJob('de')]], 'end', 2),
  );
  const connection = { url: broker.url, token: 'ifq_test', source: { url: 'flag', token: 'flag' } };
  const client = createClient({ connection, fetch, random: Math.random, note: nothing, trace: nothing });
  const signal = AbortSignal.timeout(20_000);
  const job = await follow({ client, id: 'job_1', tell: nothing, signal, longestSilence: 0.2 });
  t.is(job.output, 'de');
  const streams = broker.seen.filter(({ url }) => url.endsWith('/events'));
  t.deepEqual(
    streams.map(({ headers }) => headers['last-event-id']),
    [undefined, '1'],
  );
});

test('--wait goes on when the broker is away for a moment', async (t) => {
  const unavailable = problem(503, 'shutting_down', 'Draining');
  const broker = await streamingBroker(t, unavailable, events([['done', succeededJob('de')]]));
  broker.on('GET /jobs/job_1', unavailable, unavailable, json(200, sampleJob()));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'de\n');
});

test('--wait N that runs out exits with 4 and says that the job goes on and how to follow it', async (t) => {
  const broker = await streamingBroker(t, events([['status', { status: 'running' }]], 'hold'));
  const started = performance.now();
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait', '0.5'], { broker });
  t.is(code, 4);
  t.true(performance.now() - started >= 500);
  t.is(stdout, '');
  t.regex(stderr, /job_1 has not ended within 0\.5 s\n.*the job goes on/);
  t.regex(stderr, /npx inferq jobs watch job_1/);
});

for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} during --wait exits with ${exit} and says how to watch and to cancel the job`, async (t) => {
    const broker = await streamingBroker(t, events([['status', { status: 'running' }]], 'hold'));
    const meanwhile = whenItSays('running', (child) => child.kill(signal));
    const { code, stderr } = await submitAndWait(t, ['--wait'], { broker, meanwhile });
    t.is(code, exit);
    t.regex(stderr, /job_1 goes on/);
    t.regex(stderr, /npx inferq jobs watch job_1/);
    t.regex(stderr, /npx inferq jobs cancel job_1/);
    t.false(broker.seen.some(({ url }) => url.endsWith('/cancel')));
  });
}

test('Ctrl-C while the job is handed over says under which key to repeat it', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', problem(503, 'broker_full', 'Full', { headers: { 'Retry-After': '30' } }));
  const meanwhile = whenItSays('trying again', (child) => child.kill('SIGINT'));
  const { code, stderr } = await submitAndWait(t, ['--idempotency-key', 'order-42'], { broker, meanwhile });
  t.is(code, 130);
  t.regex(stderr, /--idempotency-key order-42/);
});

test('--stream prints the pieces as they come, before the job has ended', async (t) => {
  const broker = await streamingBroker(
    t,
    events(
      [
        ['output', { chunk: 'Call ' }],
        ['output', { chunk: 'me' }],
      ],
      'hold',
    ),
  );
  const meanwhile = whenItSays('Call me', (child) => child.kill('SIGINT'), 'stdout');
  const { code, stdout } = await submitAndWait(t, ['--stream'], { broker, meanwhile });
  t.is(code, 130);
  t.is(stdout, 'Call me\n');
});

test('--stream prints what the pieces left out of the output', async (t) => {
  const broker = await streamingBroker(t, eventsOf(['output', { chunk: 'Call ' }])(succeededJob('Call me')));
  const { stdout } = await submitAndWait(t, ['--stream'], { broker });
  t.is(stdout, 'Call me\n');
});

test('--stream prints the whole output of a model that gives no pieces', async (t) => {
  const broker = await streamingBroker(t, eventsOf()(succeededJob({ language: 'de' })));
  const { stdout } = await submitAndWait(t, ['--stream'], { broker });
  t.deepEqual(JSON.parse(stdout), { language: 'de' });
});

test('--stream begins a new line when another attempt begins the output again', async (t) => {
  const again: [string, unknown] = ['status', { status: 'running', attempt: 2 }];
  const pieces: [string, unknown][] = [['output', { chunk: 'Ca' }], again, ['output', { chunk: 'Call me' }]];
  const broker = await streamingBroker(t, eventsOf(...pieces)(succeededJob('Call me')));
  const { stdout, stderr } = await submitAndWait(t, ['--stream'], { broker });
  t.is(stdout, 'Ca\nCall me\n');
  t.regex(stderr, /begins again/);
});

test('--wait without --stream prints no pieces', async (t) => {
  const broker = await streamingBroker(t, eventsOf(['output', { chunk: 'Call ' }])(succeededJob('Call me')));
  const { stdout } = await submitAndWait(t, ['--wait'], { broker });
  t.is(stdout, 'Call me\n');
});

test('--wait --json prints the whole job and nothing on stderr', async (t) => {
  const job = succeededJob({ language: 'de' });
  const broker = await streamingBroker(t, eventsOf(['progress', { progress: 0.5 }])(job));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait', '--json'], { broker });
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout), job);
  t.is(stderr, '');
});

test('--wait --json prints the job that failed, its error as a problem object, and exits with 1', async (t) => {
  const job = failedJob();
  const broker = await streamingBroker(t, eventsOf()(job));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait', '--json'], { broker });
  t.is(code, 1);
  t.deepEqual(JSON.parse(stdout), job);
  t.like(JSON.parse(stderr), { error_type: 'model_error' });
});

test('--wait says that the output of a job is gone', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(200, succeededJob(null, { data_removed: true })));
  const { code, stdout, stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /has been removed/);
});

test('what a model or a broker says cannot drive the terminal', async (t) => {
  const message = 'half\u001b[2J\u001b]0;title\u0007 way\u0000\nthere';
  const stream = eventsOf(['progress', { progress: 0.5, message }], ['log', { message }])(succeededJob(1));
  const broker = await streamingBroker(t, stream);
  const { stderr } = await submitAndWait(t, ['--wait'], { broker });
  t.regex(stderr, /half way there/);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  t.notRegex(stderr, /[\u0000-\u0009\u000b-\u001f]/);
});
