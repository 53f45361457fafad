import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Redis } from 'ioredis';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { readEvents } from '../support/event-stream.ts';
import { exchange, portOf } from '../support/raw-http.ts';
import { startScriptedModel, type Behaviour } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

/** Streams progress and chunks, then the output. */
const talkative: Behaviour = async (_call, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const step of [0, 1, 2, 3]) {
    response.write(`event: progress\ndata: {"progress":${step / 4},"message":"step ${step}"}\n\n`);
    response.write(`event: chunk\ndata: "part ${step} "\n\n`);
    await sleep(60);
  }
  response.write('event: log\ndata: {"message":"nearly there"}\n\n');
  response.end('event: output\ndata: {"text":"whole"}\n\n');
};

test('the events of a job tell its states, its progress, its chunks and its end, once each and in order', async (t) => {
  const model = await startScriptedModel(talkative);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('talk', model.url)] });
  const { id } = await broker.submit({ model: 'talk', input: 1 });
  const events = await readEvents(`${broker.url}/jobs/${id}/events`);
  const kinds = events.map(({ event }) => event);
  t.deepEqual(
    events.filter(({ event }) => event === 'status').map(({ data }) => data),
    [{ status: 'queued' }, { status: 'running', attempt: 1 }, { status: 'succeeded' }],
  );
  t.is(kinds.filter((kind) => kind === 'progress').length, 4);
  t.deepEqual(
    events.filter(({ event }) => event === 'output').map(({ data }) => data),
    [0, 1, 2, 3].map((step) => ({ chunk: `part ${step} ` })),
  );
  t.deepEqual(events.find(({ event }) => event === 'log')?.data, { message: 'nearly there' });
  t.is(kinds.at(-1), 'done');
  t.like(events.at(-1)?.data, { id, status: 'succeeded', output: { text: 'whole' } });
  t.is(new Set(events.map((event) => event.id)).size, events.length);
  const again = { 'last-event-id': events.at(-1)?.id ?? '' };
  t.is((await broker.request(`/jobs/${id}/events`, { headers: again })).status, 204, 'there is no more');
  const { headers } = await broker.request(`/jobs/${id}/events`);
  t.is(headers.get('content-type'), 'text/event-stream; charset=utf-8');
});

test('whoever lost the stream resumes it at any replica, without a gap or a repetition', async (t) => {
  const model = await startScriptedModel(talkative);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('talk', model.url)], apis: 2 });
  const { id } = await broker.submit({ model: 'talk', input: 1 });
  const [first = '', second = ''] = broker.urls;
  const before = await readEvents(`${first}/jobs/${id}/events`, { enough: (events) => events.length >= 5 });
  const after = await readEvents(`${second}/jobs/${id}/events`, { lastEventId: before.at(-1)?.id ?? '' });
  const whole = await readEvents(`${second}/jobs/${id}/events`);
  t.deepEqual([...before, ...after], whole);
});

test('an id that the stream has not given out is refused', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  const refused = await broker.request(`/jobs/${id}/events`, { headers: { 'last-event-id': 'yesterday' } });
  t.is(refused.status, 400);
});

test('progress is seen in the job while it runs', async (t) => {
  const model = await startScriptedModel(async (_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: progress\ndata: {"progress":0.5,"message":"half"}\n\n');
    await sleep(1500);
    response.end('event: output\ndata: 1\n\n');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('slow', model.url)] });
  const { id } = await broker.submit({ model: 'slow', input: 1 });
  await readEvents(`${broker.url}/jobs/${id}/events`, {
    enough: (events) => events.some(({ event }) => event === 'progress'),
  });
  t.deepEqual((await broker.job(id)).progress, { progress: 0.5, message: 'half' });
  t.like(await broker.job(id, '?wait=10'), { status: 'succeeded', progress: null });
});

test('a model that says thousands of things at once has all of them told, in calls that are short for Redis', async (t) => {
  const count = 5000;
  const model = await startScriptedModel((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunks = Array.from({ length: count }, (_, at) => `event: chunk\ndata: ${at}\n\n`);
    response.end(`${chunks.join('')}event: output\ndata: 1\n\n`);
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('flood', model.url)] });
  const redis = new Redis(broker.redisUrl);
  t.teardown(() => redis.disconnect());
  await redis.config('SET', 'slowlog-max-len', '100000');
  await redis.config('SET', 'slowlog-log-slower-than', '0');
  const { id } = await broker.run({ model: 'flood', input: 1 });
  await redis.config('SET', 'slowlog-log-slower-than', '-1');
  const largest = Math.max(...argumentsIn(await redis.call('SLOWLOG', 'GET', '-1')));
  t.true(largest > 100 && largest <= 250, `a call had ${largest} arguments`);
  const events = await readEvents(`${broker.url}/jobs/${id}/events`);
  t.deepEqual(
    events.filter(({ event }) => event === 'output').map(({ data }) => data),
    Array.from({ length: count }, (_, at) => ({ chunk: at })),
  );
});

test('that somebody follows a job is noted for two minutes, and noted again as long as it is so', async (t) => {
  const model = await startScriptedModel(talkative);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('talk', model.url)], workers: 0 });
  const redis = new Redis(broker.redisUrl);
  t.teardown(() => redis.disconnect());
  const { id } = await broker.submit({ model: 'talk', input: 1 });
  const notes = async () => [
    ...(await redis.keys(`*:waiting:${id}`)),
    ...(await redis.keys(`*:reading:${id}`)),
  ];
  const lives = async () => Promise.all((await notes()).map((key) => redis.ttl(key)));
  const following = readEvents(`${broker.url}/jobs/${id}/events`);
  await until(async () => (await notes()).length === 2);
  for (const key of await notes()) await redis.expire(key, 30);
  await until(async () => (await lives()).every((seconds) => seconds > 60 && seconds <= 120));
  await broker.startWorker();
  t.is((await following).at(-1)?.event, 'done');
  t.true((await lives()).every((seconds) => seconds <= 120));
  for (const key of await notes()) await redis.unlink(key);
  await readEvents(`${broker.url}/jobs/${id}/events`);
  t.deepEqual(await notes(), [], 'of a job that has ended there is nothing to wait for');
});

/** How many each command had: the log has 32 of them, the last of which may be `... (69 more arguments)`. */
function argumentsIn(log: unknown): number[] {
  const entries: unknown[] = Array.isArray(log) ? log : [];
  return entries.map((entry) => {
    const command: unknown = Array.isArray(entry) ? entry[3] : undefined;
    if (!Array.isArray(command)) throw new TypeError('This is no entry of the slow log.');
    return command.length + Number(/^\.\.\. \((\d+) more/.exec(String(command.at(-1)))?.[1] ?? 0);
  });
}

test('HEAD of the events of a job that runs is over at once', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('slow', model.url)] });
  const { id } = await broker.submit({ model: 'slow', input: 1 });
  const lines = ['HTTP/1.1', 'Host: x', `Authorization: Bearer ${TOKEN}`, 'Connection: close'];
  const { answer, milliseconds } = await exchange(
    portOf(broker.url),
    `HEAD /jobs/${id}/events ${lines.join('\r\n')}\r\n\r\n`,
  );
  t.regex(answer, /^HTTP\/1\.1 200 [^]*^content-type: text\/event-stream[^]*\r\n\r\n$/im);
  // The stream would say something every 15 s, and go on.
  t.true(milliseconds < 15_000, `${milliseconds} ms`);
});
