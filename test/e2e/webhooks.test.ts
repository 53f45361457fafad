import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test, { type ExecutionContext } from 'ava';
import { Webhook } from 'standardwebhooks';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

interface Receiver {
  url: string;
  got: { headers: Record<string, string>; body: string }[];
}

/** A receiver as somebody else would write it. */
async function startReceiver(t: ExecutionContext, status = 204): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      got.push({ headers: plain(request.headers), body });
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`, got };
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

async function secretOf(broker: TestBroker): Promise<string> {
  const { body } = await broker.request('/webhooks/secret');
  return typeof body === 'object' && body && 'secret' in body ? String(body.secret) : '';
}

test('the end of a job is delivered once, signed so that an independent receiver accepts it', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const receiver = await startReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)] });
  const job = await broker.run({
    model: 'echo',
    input: 'hi',
    webhook: receiver.url,
    metadata: { order: '42' },
  });
  while (receiver.got.length === 0) await sleep(20);
  const [delivery] = receiver.got;
  const verified: unknown = new Webhook(await secretOf(broker)).verify(
    delivery?.body ?? '',
    delivery?.headers ?? {},
  );
  t.like(verified, {
    type: 'job.succeeded',
    data: { id: job.id, output: { echo: 'hi' }, metadata: { order: '42' } },
  });
  t.throws(() => new Webhook('whsec_b3RoZXI=').verify(delivery?.body ?? '', delivery?.headers ?? {}));
  const deliveries = async () => (await broker.request(`/jobs/${job.id}/deliveries`)).body;
  await until(async () => Object(await deliveries()).data[0]?.outcome !== 'running');
  const body = await deliveries();
  t.like(body, {
    data: [{ attempt: 1, outcome: 'delivered', status: 204, event: 'job.succeeded', next_at: null }],
  });
  t.is(receiver.got.length, 1);
  const { id } = Object(body).data[0];
  const again = `/jobs/${job.id}/deliveries/${String(id)}/redeliver`;
  t.is((await broker.request(again, { method: 'POST' })).status, 202);
  while (receiver.got.length === 1) await sleep(20);
  t.is(receiver.got[1]?.headers['webhook-id'], id);
  t.is(receiver.got[1]?.body, delivery?.body);
  t.is((await broker.request(`/jobs/${job.id}/deliveries/msg_x/redeliver`, { method: 'POST' })).status, 404);
});

test('a job from the cache, one that fails and one that is canceled are told of as well', async (t) => {
  const model = await startScriptedModel((call, response) => {
    if (call.body === 'hang') return;
    answer(response, 1, call.body === 'bad' ? 400 : 200);
  });
  t.teardown(model.stop);
  const receiver = await startReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  await broker.run({ model: 'm', input: 1 });
  const webhook = { url: receiver.url };
  const cached = await broker.run({ model: 'm', input: 1, webhook });
  t.is(cached.cache, 'hit');
  const failed = await broker.run({ model: 'm', input: 'bad', webhook });
  const chosen = { url: receiver.url, events: ['succeeded'] };
  await broker.run({ model: 'm', input: 'bad', webhook: chosen, cache: 'bypass' });
  const other = { url: receiver.url, events: ['expired'] };
  t.is((await broker.run({ model: 'm', input: 1, webhook: other })).cache, 'hit');
  const unwanted = await broker.submit({ model: 'm', input: 'hang', webhook: other, cache: 'bypass' });
  await broker.request(`/jobs/${unwanted.id}/cancel`, { method: 'POST' });
  const canceled = await broker.submit({ model: 'm', input: 'hang', webhook });
  await broker.request(`/jobs/${canceled.id}/cancel`, { method: 'POST' });
  while (receiver.got.length < 3) await sleep(20);
  await sleep(300);
  const told = receiver.got.map(({ body }): [string, string] => {
    const { type, data }: { type: string; data: { id: string } } = JSON.parse(body);
    return [data.id, type];
  });
  t.deepEqual(
    new Map(told),
    new Map([
      [cached.id, 'job.succeeded'],
      [failed.id, 'job.failed'],
      [canceled.id, 'job.canceled'],
    ]),
  );
});

test('a receiver that fails is put off and the attempt is on record', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const receiver = await startReceiver(t, 500);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)] });
  const job = await broker.run({ model: 'echo', input: 1, webhook: receiver.url });
  while (receiver.got.length < 2) await sleep(50);
  const { body } = await broker.request(`/jobs/${job.id}/deliveries`);
  t.like(body, { data: [{ attempt: 1, outcome: 'failed', status: 500 }] });
  const ids = receiver.got.map(({ headers }) => headers['webhook-id']);
  t.is(new Set(ids).size, 1);
  const [first, second] = receiver.got.map(({ headers }) => Number(headers['webhook-timestamp']));
  t.true((second ?? 0) - (first ?? 0) >= 4);
});

test('an output too large for a webhook is told of by its address', async (t) => {
  const model = await startScriptedModel((_call, response) => answer(response, 'x'.repeat(30_000)));
  t.teardown(model.stop);
  const receiver = await startReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('big', model.url)] });
  const { id } = await broker.run({ model: 'big', input: 1, webhook: receiver.url });
  while (receiver.got.length === 0) await sleep(20);
  const { data } = JSON.parse(receiver.got[0]?.body ?? '');
  t.like(data, { id, status: 'succeeded', output: null, output_url: `/jobs/${id}/output` });
});

test('a message has the headers and the body that the OpenAPI document gives it', async (t) => {
  const model = await startScriptedModel(({ body }, response) =>
    body === 'bad' ? answer(response, {}, 400) : answer(response, 'x'.repeat(30_000)),
  );
  t.teardown(model.stop);
  const receiver = await startReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const webhook = { url: receiver.url, events: ['started', 'succeeded', 'failed'] };
  for (const input of ['large', 'bad']) await broker.run({ model: 'm', input, webhook });
  await broker.request('/webhooks/test', { method: 'POST', json: { url: receiver.url } });
  const ends = ['job.succeeded', 'job.failed', 'webhook.test'];
  await until(() => ends.every((type) => receiver.got.some(({ body }) => JSON.parse(body).type === type)));
  const { webhooks, components } = Object((await broker.request('/openapi.json')).body);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const { headers, body } of receiver.got) {
    const message: unknown = JSON.parse(body);
    const { parameters, requestBody } = webhooks[Object(message).type].post;
    for (const { name } of parameters) t.true(name in headers, name);
    const { schema } = requestBody.content['application/json'];
    t.true(ajv.validate({ ...schema, components }, message), `${body.slice(0, 80)} ${ajv.errorsText()}`);
  }
});

test('a delivery that cannot be noted is put off, not forgotten, and not made unnoted', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const receiver = await startReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.submit({ model: 'm', input: 1, webhook: receiver.url, delay: 2 });
  const redis = connect(broker.redisUrl, PATIENT);
  t.teardown(() => redis.quit());
  await redis.set(`inferq:{webhooks}:log:${id}`, 'not a log');
  await until(async () => (await redis.zcard('inferq:{webhooks}:deliveries:delayed')) === 1);
  t.is(receiver.got.length, 0);
  await redis.del(`inferq:{webhooks}:log:${id}`);
  await until(async () => {
    const { body } = await broker.request(`/jobs/${id}/deliveries`);
    return Object(body).data[0]?.outcome === 'delivered';
  });
  t.is(receiver.got.length, 1);
});
