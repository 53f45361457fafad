import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Webhook } from 'standardwebhooks';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import {
  startQuietReceiver,
  startReceiver,
  startSocketReceiver,
  type Receiver,
} from '../webhooks/receiver.ts';

interface Told {
  type: string;
  timestamp: string;
  data: { id: string; status: string; progress: { progress: number } | null; output: unknown };
}

const EVERYTHING = ['started', 'progress', 'succeeded', 'failed', 'canceled', 'expired'];

function told({ received }: Receiver, id: string): Told[] {
  return received.map(({ body }): Told => JSON.parse(body)).filter(({ data }) => data.id === id);
}

function hasEnded(receiver: Receiver, id: string): boolean {
  return told(receiver, id).some(({ type }) => type === 'job.succeeded');
}

/** A model that tells its progress in so many steps, one every 40 ms, and then waits. */
function steppingModel(steps: number, thenMs: number) {
  return startScriptedModel(async (_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let step = 1; step <= steps; step++) {
      response.write(`event: progress\ndata: {"progress":${step / steps}}\n\n`);
      await sleep(40);
    }
    await sleep(thenMs);
    response.end('event: output\ndata: {"done":true}\n\n');
  });
}

test('who asks for it is told of start and progress, signed, at most twice a second, the newest last', async (t) => {
  const model = await steppingModel(50, 1500);
  t.teardown(model.stop);
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const webhook = { url: receiver.url, events: EVERYTHING };
  const { id } = await broker.submit({ model: 'm', input: 1, webhook });
  await until(() => hasEnded(receiver, id));

  const events = told(receiver, id);
  t.is(events[0]?.type, 'job.started');
  t.like(events[0]?.data, { status: 'running', output: null });
  t.is(events.at(-1)?.type, 'job.succeeded');
  const progress = events
    .filter(({ type }) => type === 'job.progress')
    .map(({ data }) => data.progress?.progress);
  t.true(progress.length >= 3, `${progress.length} of 50 steps in 2 s`);
  t.deepEqual(
    progress,
    progress.toSorted((a, b) => Number(a) - Number(b)),
  );
  t.is(progress.at(-1), 1, 'the last progress before a silence is told');
  const times = events
    .filter(({ type }) => type === 'job.progress')
    .map(({ timestamp }) => Date.parse(timestamp));
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  // The time is taken a moment after the turn.
  t.true((times.length - 1) * 500 <= span + 400, `${times.length} in ${span} ms`);

  const secret = String(Object((await broker.request('/webhooks/secret')).body).secret);
  for (const { body, headers } of receiver.received)
    t.notThrows(() => new Webhook(secret).verify(body, headers));
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  t.is(new Set(ids).size, ids.length);
});

test('the jobs that share a run are told as well, those that join while it runs too', async (t) => {
  const model = await steppingModel(30, 1000);
  t.teardown(model.stop);
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const job = { model: 'm', input: 1, webhook: { url: receiver.url, events: EVERYTHING } };
  const silent = await broker.submit({ model: 'm', input: 1, webhook: receiver.url });
  while (model.calls.length === 0) await sleep(10);
  const follower = await broker.submit(job);
  t.like(follower, { cache: 'coalesced', status: 'running' });
  await until(() => hasEnded(receiver, follower.id) && hasEnded(receiver, silent.id));
  const types = told(receiver, follower.id).map(({ type }) => type);
  for (const type of ['job.started', 'job.progress', 'job.succeeded']) t.true(types.includes(type), type);
  t.deepEqual(
    told(receiver, silent.id).map(({ type }) => type),
    ['job.succeeded'],
    'a bare URL is told of the end alone',
  );
  t.is(model.calls.length, 1);
});

test('a receiver that hangs over notices gets its ends all the same', async (t) => {
  const model = await steppingModel(5, 100);
  t.teardown(model.stop);
  const ended: string[] = [];
  const receiver = await startReceiver(t, (response, { body }) => {
    const { type, data }: Told = JSON.parse(body);
    if (type !== 'job.succeeded') return;
    ended.push(data.id);
    response.writeHead(204).end();
  });
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const webhook = { url: receiver.url, events: EVERYTHING };
  const jobs = await Promise.all(
    Array.from({ length: 40 }, (_, input) => broker.submit({ model: 'm', input, webhook })),
  );
  await until(() => jobs.every(({ id }) => ended.includes(id)), 14_000);
  t.is(new Set(ended).size, 40);
});

test('notices are in the log, the newest progress alone, and cannot be sent again', async (t) => {
  const model = await steppingModel(40, 500);
  t.teardown(model.stop);
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const webhook = { url: receiver.url, events: EVERYTHING };
  const { id } = await broker.submit({ model: 'm', input: 1, webhook });
  await until(async () => (await logOf(broker, id)).some(({ event }) => event === 'job.succeeded'));
  const log = await logOf(broker, id);
  t.deepEqual(log.map(({ event }) => event).sort(), ['job.progress', 'job.started', 'job.succeeded']);
  const started = log.find(({ event }) => event === 'job.started');
  const again = await broker.request(`/jobs/${id}/deliveries/${started?.id}/redeliver`, { method: 'POST' });
  t.is(again.status, 404);
});

test('a receiver that takes connections and is silent gets no notice twice', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const receiver = await startSocketReceiver(t, (socket) => socket.once('data', () => socket.destroy()));
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.submit({
    model: 'm',
    input: 1,
    webhook: { url: receiver.url, events: ['started'] },
  });
  await until(async () => (await logOf(broker, id)).length === 1);
  t.like((await logOf(broker, id))[0], { event: 'job.started', outcome: 'failed', next_at: null });
  t.is(receiver.connections(), 1);
});

test('a webhook may ask for events that there are, and for no others', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  for (const events of [['job.started'], ['queued'], [], ['started', 'started']]) {
    const webhook = { url: 'https://hooks.example.org/', events };
    const { status } = await broker.request('/jobs', {
      method: 'POST',
      json: { model: 'm', input: 1, webhook },
    });
    t.is(status, 400, JSON.stringify(events));
  }
});

test('answers of a model are not told of twice: a cached job has an end alone', async (t) => {
  const model = await startScriptedModel((_call, response) => answer(response, 1));
  t.teardown(model.stop);
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  await broker.run({ model: 'm', input: 1 });
  const webhook = { url: receiver.url, events: EVERYTHING };
  const { id, cache } = await broker.submit({ model: 'm', input: 1, webhook });
  t.is(cache, 'hit');
  await until(() => hasEnded(receiver, id));
  t.is(told(receiver, id).length, 1);
});

async function logOf(broker: TestBroker, id: string): Promise<{ id: string; event: string }[]> {
  return Object((await broker.request(`/jobs/${id}/deliveries`)).body).data;
}
