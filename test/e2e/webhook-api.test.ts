import test from 'ava';
import { Webhook } from 'standardwebhooks';
import { SCOPES } from '../../shared/principal.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createTokenStore, newToken } from '../../shared/redis/token-store.ts';
import type { Delivery } from '../../shared/webhooks/delivery-record.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { startQuietReceiver, startReceiver, unusedPort } from '../webhooks/receiver.ts';

const post = (broker: TestBroker, where: string, json?: unknown) =>
  broker.request(where, { method: 'POST', ...(json === undefined ? {} : { json }) });

async function deliveriesOf(
  broker: TestBroker,
  query = '',
): Promise<{ data: Delivery[]; next: string | null }> {
  return Object((await broker.request(`/webhooks/deliveries${query}`)).body);
}

test('deliveries are listed by status and time, in pages, each with its attempts', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const good = await startQuietReceiver(t);
  const gone = await startReceiver(t, (response) => response.writeHead(410).end('no more'));
  const bad = await startReceiver(t, (response) => response.writeHead(404).end());
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  t.deepEqual(await deliveriesOf(broker), { data: [], next: null });
  for (const [input, { url: webhook }] of [good, gone, bad, good].entries())
    await broker.run({ model: 'm', input, webhook });
  await until(async () => {
    const { data } = await deliveriesOf(broker);
    return data.length === 4 && data.every(({ attempts }) => attempts[0]?.outcome !== 'running');
  });

  const failed = await deliveriesOf(broker, '?status=failed');
  t.is(failed.data.length, 1);
  t.like(failed.data[0], { url: gone.url, status: 'failed', event: 'job.succeeded', next_at: null });
  t.like(failed.data[0]?.attempts[0], { attempt: 1, outcome: 'failed', status: 410 });
  const [pending] = (await deliveriesOf(broker, '?status=pending')).data;
  t.is(pending?.url, bad.url);
  t.is(typeof pending?.next_at, 'string');
  t.is((await deliveriesOf(broker, '?status=delivered')).data.length, 2);

  const whole = (await deliveriesOf(broker)).data.map(({ id }) => id);
  const paged: string[] = [];
  for (let next: string | null = '/webhooks/deliveries?limit=1'; next !== null;) {
    const page: { data: Delivery[]; next: string | null } = Object((await broker.request(next)).body);
    paged.push(...page.data.map(({ id }) => id));
    next = page.next;
  }
  t.deepEqual(paged, whole);
  const later = new Date(Date.now() + 60_000).toISOString();
  t.deepEqual((await deliveriesOf(broker, `?since=${later}`)).data, []);
  for (const query of [
    '?status=lost',
    '?since=yesterday',
    '?since=2026-02-30T00:00:00Z',
    '?limit=0',
    '?cursor=x',
    '?page=2',
  ])
    t.is((await broker.request(`/webhooks/deliveries${query}`)).status, 400, query);

  const redis = connect(broker.redisUrl, PATIENT);
  const stranger = newToken();
  const token = { tenant: 'stranger', name: 's', scopes: [...SCOPES], models: ['*'], expires_at: null };
  await createTokenStore(redis).save(stranger, token);
  await redis.quit();
  const headers = { authorization: `Bearer ${stranger}` };
  t.deepEqual((await broker.request('/webhooks/deliveries', { headers })).body, { data: [], next: null });
});

test('all that failed since a time is sent again: what was given up anew, what waits at once', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  let status = 410;
  const receiver = await startReceiver(t, (response) => response.writeHead(status).end());
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const submit = (input: number) => broker.run({ model: 'm', input, webhook: receiver.url });
  await submit(0);
  await until(async () => (await deliveriesOf(broker, '?status=failed')).data.length === 1);
  const since = new Date(
    Date.parse((await deliveriesOf(broker)).data[0]?.created_at ?? '') + 1,
  ).toISOString();
  await Promise.all([1, 2, 3].map(submit));
  await until(async () => (await deliveriesOf(broker, '?status=failed')).data.length === 4);
  status = 404;
  await Promise.all([4, 5].map(submit));
  // Their second attempts fail as well: the third would be made in five minutes.
  await until(async () => {
    const { data } = await deliveriesOf(broker, '?status=pending');
    return data.length === 2 && data.every(({ attempts }) => attempts[1]?.next_at);
  });

  status = 204;
  const sent = await post(broker, '/webhooks/redeliver', { since });
  t.is(sent.status, 202);
  t.deepEqual(sent.body, { count: 5, more: false });
  await until(async () => (await deliveriesOf(broker, '?status=delivered')).data.length === 5);
  const left = await deliveriesOf(broker, '?status=failed');
  t.is(left.data.length, 1, 'what failed before that time is left alone');
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  t.is(new Set(ids).size, 6, 'each keeps its id');
  t.deepEqual((await post(broker, '/webhooks/redeliver', { since })).body, { count: 0, more: false });
  for (const json of [
    {},
    { since: 'soon' },
    { since: '2016-12-31T23:59:60Z' },
    { since: 5 },
    { since, until: since },
  ])
    t.is((await post(broker, '/webhooks/redeliver', json)).status, 400);
});

test('a message that is sent again has a schedule of its own', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  let status = 410;
  const receiver = await startReceiver(t, (response) => response.writeHead(status).end());
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.run({ model: 'm', input: 1, webhook: receiver.url });
  await until(async () => (await deliveriesOf(broker, '?status=failed')).data.length === 1);
  const message = (await deliveriesOf(broker)).data[0]?.id;
  status = 500;
  const again = `/jobs/${id}/deliveries/${message}/redeliver`;
  t.deepEqual(
    (await Promise.all([post(broker, again), post(broker, again)])).map(({ status }) => status),
    [202, 202],
  );
  await until(async () => (await deliveriesOf(broker)).data[0]?.attempts[1]?.outcome === 'failed');
  const second = (await deliveriesOf(broker)).data[0]?.attempts[1];
  const wait = Date.parse(second?.next_at ?? '') - Date.parse(second?.at ?? '');
  t.true(wait > 4000 && wait < 8000, `after ${wait} ms, as after a first attempt`);
  status = 204;
  await until(async () => (await deliveriesOf(broker)).data[0]?.status === 'delivered');
  t.is(receiver.received.length, 3, 'asking twice at once sends it once');
});

test('the webhook of an end tells what happened then, though the client has had the job run again', async (t) => {
  let status = 400;
  const model = await startScriptedModel((_call, response) => answer(response, 'no', status));
  t.teardown(model.stop);
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const { id } = await broker.run({ model: 'm', input: 1, webhook: receiver.url });
  await until(async () => (await deliveriesOf(broker, '?status=delivered')).data.length === 1);
  status = 200;
  t.is((await post(broker, `/jobs/${id}/retry`)).status, 202);
  await until(() => receiver.received.length === 2);
  const failed = receiver.received[0];
  const again = `/jobs/${id}/deliveries/${failed?.headers['webhook-id']}/redeliver`;
  t.is((await post(broker, again)).status, 202);
  await until(() => receiver.received.length === 3);
  t.is(receiver.received[2]?.headers['webhook-id'], failed?.headers['webhook-id']);
  t.is(receiver.received[2]?.body, failed?.body);
});

test('a test event is signed, sent once, and its answer told', async (t) => {
  let status = 204;
  const receiver = await startReceiver(t, (response) => response.writeHead(status).end('as you wish'));
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')] });
  const sent = await post(broker, '/webhooks/test', { url: receiver.url });
  t.is(sent.status, 200);
  t.like(sent.body, { event: 'webhook.test', outcome: 'delivered', status: 204, attempt: 1, next_at: null });
  const secret = String(Object((await broker.request('/webhooks/secret')).body).secret);
  const { body = '', headers = {} } = receiver.received[0] ?? {};
  t.like(new Webhook(secret).verify(body, headers), { type: 'webhook.test' });

  status = 500;
  t.like((await post(broker, '/webhooks/test', { url: receiver.url })).body, {
    outcome: 'failed',
    status: 500,
    error: 'The receiver answered 500: as you wish',
    next_at: null,
  });
  const nobody = `http://127.0.0.1:${await unusedPort()}/`;
  t.like((await post(broker, '/webhooks/test', { url: nobody })).body, { outcome: 'failed' });
  t.is(receiver.received.length, 2);
  t.deepEqual(await deliveriesOf(broker), { data: [], next: null });
  for (const url of [
    'https://169.254.169.254/',
    'http://hooks.example.org/',
    'https://u:p@hooks.example.org/',
    'x',
  ]) {
    const { status, body } = await post(broker, '/webhooks/test', { url });
    t.is(status, 400, url);
    t.is(Object(body).errors[0].pointer, '/url');
  }
});

test('tests of webhooks are limited, whatever rate a tenant has', async (t) => {
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')] });
  const answers = await Promise.all(
    Array.from({ length: 45 }, () => post(broker, '/webhooks/test', { url: receiver.url })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  t.true(refused.length >= 5 && refused.length <= 15, `${refused.length} of 45 refused`);
  t.regex(refused[0]?.text ?? '', /30 test events in 60 s/);
  t.truthy(refused[0]?.headers.get('retry-after'));
});

test('a worker of webhooks alone calls no model, one of models alone delivers nothing', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const receiver = await startQuietReceiver(t);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  await broker.startWorker({ INFERQ_WORKER_ROLES: 'webhooks' });
  const { id } = await broker.submit({ model: 'm', input: 1, webhook: receiver.url });
  t.like(await broker.job(id, '?wait=2'), { status: 'queued' });
  t.is(model.calls.length, 0);

  const other = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_WORKER_ROLES: 'models' },
  });
  const ended = await other.run({ model: 'm', input: 1, webhook: receiver.url });
  t.is(ended.status, 'succeeded');
  await other.startWorker({ INFERQ_WORKER_ROLES: 'webhooks' });
  await until(() => receiver.received.length === 1);
  t.is(JSON.parse(receiver.received[0]?.body ?? '').data.id, ended.id);
});
