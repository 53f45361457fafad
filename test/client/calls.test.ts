import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import {
  ApiError,
  ConnectionError,
  createClient,
  JobError,
  type Client,
  type ModelSpec,
} from '../../client/src/index.ts';
import { secondsUntilRepeat } from '../../client/src/retry.ts';
import { events, hangUp, json, problem, startFakeBroker, type FakeBroker } from '../cli/fake-broker.ts';
import { failedJob, sampleJob, succeededJob } from '../cli/sample.ts';
import { routesOf } from '../docs/openapi.ts';

async function pair(t: ExecutionContext): Promise<{ broker: FakeBroker; client: Client }> {
  const broker = await startFakeBroker(t);
  return { broker, client: createClient({ url: `${broker.url}/`, token: 'ifq_test' }) };
}

const REQUEST = { model: 'm', input: { text: 'a' } };

test('a submission that got no answer, or was refused for now, is sent again under its key', async (t) => {
  const { broker, client } = await pair(t);
  const full = problem(503, 'broker_full', 'No room.', { headers: { 'retry-after': '0' } });
  broker.on('POST /jobs', hangUp, full, json(202, sampleJob()));
  const job = await client.submit(REQUEST);
  t.is(job.id, 'job_1');
  const keys = broker.seen.map(({ headers }) => headers['idempotency-key']);
  t.is(keys.length, 3);
  t.is(new Set(keys).size, 1);
  t.truthy(keys[0]);
  await client.submit(REQUEST, { idempotencyKey: 'mine' });
  t.is(broker.seen.at(-1)?.headers['idempotency-key'], 'mine');
  t.is(broker.seen.at(-1)?.headers.authorization, 'Bearer ifq_test');
});

test('a refusal is an ApiError with its code, its faults and the id of the request', async (t) => {
  const { broker, client } = await pair(t);
  const errors = [{ pointer: '/text', detail: 'must be string' }];
  broker.on('POST /jobs', problem(422, 'invalid_input', 'It does not fit.', { errors }));
  const error = await t.throwsAsync(client.submit(REQUEST), { instanceOf: ApiError });
  t.like(error, { status: 422, code: 'invalid_input', requestId: 'req-7' });
  t.deepEqual(error?.errors, errors);
  t.is(broker.seen.length, 1);
});

test('a broker that asks for more patience than there is is not waited for', async (t) => {
  const { broker, client } = await pair(t);
  broker.on('GET /models', problem(429, 'rate_limited', 'Slowly.', { headers: { 'retry-after': '3600' } }));
  const error = await t.throwsAsync(client.models.list(), { instanceOf: ApiError });
  t.is(error?.retryAfter, 3600);
  t.is(broker.seen.length, 1);
});

test('what is not harmless to repeat is not repeated', async (t) => {
  const { broker, client } = await pair(t);
  broker.on('POST /jobs/job_1/retry', hangUp);
  await t.throwsAsync(client.retry('job_1'), { instanceOf: ConnectionError });
  t.is(broker.seen.length, 1);
});

const at = (attempt: number, retryAfter?: number) =>
  secondsUntilRepeat({ attempt, tries: 5, retryAfter, longest: 60, random: 0.5 });

test('the pause before a repetition grows, is never shorter than asked for, and ends with the tries', (t) => {
  t.deepEqual(
    [1, 2, 3, 4, 5].map((attempt) => at(attempt)),
    [0.25, 0.5, 1, 2, null],
  );
  t.is(at(1, 7), 7);
  t.is(at(1, 61), null);
});

test('an aborted signal ends a wait at once, with its own reason', async (t) => {
  const { broker, client } = await pair(t);
  broker.on('GET /jobs/job_1', (response) => void response.writeHead(200).write(' '));
  const controller = new AbortController();
  const waiting = client.wait('job_1', { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(waiting), reason);
});

test('run gives a job that succeeded and throws one that did not', async (t) => {
  const { broker, client } = await pair(t);
  broker.on('POST /jobs', json(202, sampleJob()));
  broker.on('GET /jobs/job_1', json(200, sampleJob()), json(200, succeededJob({ n: 1 })));
  const { output } = await client.run<{ n: number }>(REQUEST);
  t.is(output.n, 1);
  broker.on('POST /jobs', json(200, failedJob()));
  const error = await t.throwsAsync(client.run(REQUEST), { instanceOf: JobError });
  t.is(error?.job.status, 'failed');
  t.is(error?.code, 'model_error');
});

test('a stream that breaks goes on after the last event, and gives each once', async (t) => {
  const { broker, client } = await pair(t);
  broker.on(
    'GET /jobs/job_1/events',
    events(
      [
        ['status', { status: 'running', attempt: 1 }],
        ['output', { chunk: 'a' }],
      ],
      'cut',
    ),
    problem(503, 'redis_unavailable', 'Not now.', { headers: { 'retry-after': '0' } }),
    events(
      [
        ['output', { chunk: 'b' }],
        ['made-up', {}],
        ['done', succeededJob('ab')],
      ],
      'end',
      3,
    ),
  );
  const told: string[] = [];
  for await (const event of client.stream('job_1'))
    told.push(event.type === 'output' ? String(event.chunk) : event.type);
  t.deepEqual(told, ['status', 'a', 'b', 'done']);
  t.deepEqual(
    broker.seen.map(({ headers }) => headers['last-event-id']),
    [undefined, '2', '2'],
  );
});

test('a stream that falls silent is given up, and goes on after the last event', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on(
    'GET /jobs/job_1/events',
    events([['output', { chunk: 'a' }]], 'hold'),
    events([['done', succeededJob('a')]], 'end', 2),
  );
  const client = createClient({ url: broker.url, token: 'ifq_test', longestSilence: 0.2 });
  const stream = client.stream('job_1', { signal: AbortSignal.timeout(20_000) });
  const told = await Array.fromAsync(stream, ({ type }) => type);
  t.deepEqual(told, ['output', 'done']);
  t.deepEqual(
    broker.seen.map(({ headers }) => headers['last-event-id']),
    [undefined, '1'],
  );
});

test('a stream is not given up while comments come', async (t) => {
  const broker = await startFakeBroker(t);
  const comments = setInterval(() => open?.write(': still here\n\n'), 50);
  t.teardown(() => clearInterval(comments));
  let open: ServerResponse | undefined;
  broker.on('GET /jobs/job_1/events', (response) => {
    open = response.writeHead(200, { 'content-type': 'text/event-stream' });
    setTimeout(() => response.end(`id: 1\nevent: done\ndata: ${JSON.stringify(succeededJob(1))}\n\n`), 3500);
  });
  const client = createClient({ url: broker.url, token: 'ifq_test', longestSilence: 3 });
  const told = await Array.fromAsync(client.stream('job_1'), ({ type }) => type);
  t.deepEqual(told, ['done']);
  t.is(broker.seen.length, 1);
});

test('where events are not kept any more, the end is told all the same', async (t) => {
  const { broker, client } = await pair(t);
  broker.on('GET /jobs/job_1/events', problem(410, 'events_gone', 'Gone.'));
  broker.on('GET /jobs/job_1', json(200, succeededJob(1)));
  const told = await Array.fromAsync(client.stream('job_1', { lastEventId: '1-1' }));
  t.like(told, [{ type: 'done', job: { status: 'succeeded' } }]);
});

test('a list is followed over its pages as far as it is read', async (t) => {
  const { broker, client } = await pair(t);
  broker.on(
    'GET /jobs',
    json(200, { data: [sampleJob()], next: '/jobs?cursor=b' }),
    json(200, { data: [sampleJob()], next: null }),
  );
  const jobs = await Array.fromAsync(
    client.jobs.list({ error_type: 'model_error', metadata: { order: '42' } }),
  );
  t.is(jobs.length, 2);
  t.regex(broker.seen[0]?.url ?? '', /error_type=model_error.*metadata\.order=42/);
  t.is(broker.seen[1]?.url, '/jobs?cursor=b');
});

test('a token can be made anew for each request', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models', json(200, { data: [], next: null }));
  let count = 0;
  const client = createClient({ url: broker.url, token: async () => `t${(count += 1)}` });
  await client.models.list();
  await client.models.list();
  t.deepEqual(
    broker.seen.map(({ headers }) => headers.authorization),
    ['Bearer t1', 'Bearer t2'],
  );
});

test('every route of the API has its call', async (t) => {
  const broker = await startFakeBroker(t);
  const client = createClient({ url: broker.url, token: 'ifq_test', tries: 1 });
  const { jobs, models, webhooks, tenants, tokens } = client;
  const ofTenant = tenants.jobs('id');
  const spec: ModelSpec = { protocol: 'json', endpoints: [{ url: 'http://127.0.0.1:9' }] };
  const calls: (() => Promise<unknown>)[] = [
    () => client.submit(REQUEST),
    () => client.wait('id'),
    () => Array.fromAsync(client.stream('id')),
    () => client.cancel('id'),
    () => client.retry('id'),
    () => Array.fromAsync(jobs.list()),
    () => jobs.output('id'),
    () => jobs.deliveries('id'),
    () => jobs.redeliver('id', 'delivery'),
    () => models.list(),
    () => models.get('name'),
    () => models.put('name', spec),
    () => models.remove('name'),
    () => models.pause('name'),
    () => models.resume('name'),
    () => models.redrive('name'),
    () => webhooks.secret(),
    () => webhooks.rotateSecret(),
    () => webhooks.test('https://example.org'),
    () => Array.fromAsync(webhooks.deliveries()),
    () => webhooks.redeliver('2026-01-31T08:00:00Z'),
    () => tenants.list(),
    () => tenants.get('id'),
    () => tenants.put('id'),
    () => tenants.remove('id'),
    () => tenants.usage('id'),
    () => tokens.list('id'),
    () => tokens.create('id', { name: 'n', scopes: ['jobs:read'] }),
    () => tokens.revoke('id'),
    () => Array.fromAsync(client.audit()),
    () => client.me(),
    () => client.overview(),
    () => client.failures(),
    () => tenants.failures('id'),
    () => Array.fromAsync(ofTenant.list()),
    () => ofTenant.get('job'),
    () => ofTenant.output('job'),
    () => Array.fromAsync(ofTenant.stream('job')),
    () => ofTenant.deliveries('job'),
    () => ofTenant.cancel('job'),
    () => ofTenant.retry('job'),
    () => client.ready(),
    () => client.health(),
  ];
  for (const call of calls) await t.throwsAsync(call(), { instanceOf: ApiError });
  const called = broker.seen.map(({ method, url }) => `${method} ${url.split('?')[0]}`);
  for (const route of routesOf()) t.true(called.includes(route.replaceAll(/[{}]/g, '')), route);
});
