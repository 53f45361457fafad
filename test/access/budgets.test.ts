import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { reserveBudget } from '../../api/jobs/budget.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createAccounts } from '../../shared/redis/accounts.ts';
import { createCharges } from '../../shared/redis/charges.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { DEFAULT_SETTINGS } from '../../shared/default-settings.ts';
import { createJobWorld } from '../support/job-world.ts';
import { jsonModel, startTestBroker, type Answered, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';

interface Client {
  broker: TestBroker;
  post(job: Record<string, unknown>, headers?: Record<string, string>): Promise<Answered>;
  usage(query?: string): Promise<Answered>;
}

/** A tenant `acme` with a budget, and models that cost 2, 0 and have no price; an input `bad` is refused, `slow` hangs. */
async function start(t: ExecutionContext, budget: unknown, workers = 1): Promise<Client> {
  const model = await startScriptedModel(({ body }, response) => {
    if (body !== 'slow') answer(response, body, body === 'bad' ? 400 : 200);
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('priced', model.url, { cost: 2 }),
      jsonModel('free', model.url, { cost: 0 }),
      jsonModel('unpriced', model.url),
    ],
    workers,
  });
  await putTenant(broker, 'acme', { budget });
  const { token } = await makeToken(broker, 'acme');
  return {
    broker,
    post: (job, headers = {}) =>
      broker.request('/jobs', {
        method: 'POST',
        json: { model: 'priced', ...job },
        headers: { prefer: 'wait=30', ...bearer(token), ...headers },
      }),
    usage: (query = '') => broker.request(`/tenants/acme/usage${query}`),
  };
}

const stateOf = ({ status, body }: Answered): unknown => [
  status,
  Object(body).error_type ?? Object(body).status,
];

/** Ends are billed through an outbox: waits until nothing is set aside. */
async function settled(client: Client): Promise<unknown> {
  for (;;) {
    const { body } = await client.usage();
    if (Object(body).budget?.reserved === 0) return Object(body).budget.spent;
    await sleep(50);
  }
}

test('a budget pays for calls that succeed, and then 402 says what is spent', async (t) => {
  const client = await start(t, 5);
  t.deepEqual(stateOf(await client.post({ input: 1 })), [200, 'succeeded']);
  t.deepEqual(stateOf(await client.post({ input: 'bad' })), [200, 'failed']);
  t.like((await client.post({ input: 1 })).body, { cache: 'hit' });
  t.deepEqual(stateOf(await client.post({ input: 2 })), [200, 'succeeded']);
  const refused = await client.post({ input: 3 });
  t.deepEqual(stateOf(refused), [402, 'budget_spent']);
  t.regex(refused.text, /4 of 5 units are spent, 0 set aside/);
  t.is(await settled(client), 4);
});

test('with the budget spent, cached answers and models without a price of their own are still free', async (t) => {
  const client = await start(t, 2);
  await client.post({ input: 1 });
  t.deepEqual(stateOf(await client.post({ input: 2 })), [402, 'budget_spent']);
  t.like((await client.post({ input: 1 })).body, { status: 'succeeded', cache: 'hit', output: 1 });
  t.deepEqual(stateOf(await client.post({ model: 'free', input: 1 })), [200, 'succeeded']);
  const unpriced = await client.post({ model: 'unpriced', input: 1 });
  t.deepEqual(stateOf(unpriced), [403, 'model_unpriced']);
});

test('what is canceled before it starts is given back at once, and a repeated key is not set aside twice', async (t) => {
  const client = await start(t, 4, 0);
  const headers = { prefer: '', 'idempotency-key': 'one' };
  const first = await client.post({ input: 1 }, headers);
  t.is(first.status, 202);
  t.is(Object((await client.post({ input: 1 }, headers)).body).id, Object(first.body).id);
  t.is((await client.post({ input: 2 }, { prefer: '' })).status, 202);
  t.like((await client.usage()).body, { budget: { limit: 4, spent: 0, reserved: 4, renewed_at: null } });
  t.is((await client.post({ input: 3 }, { prefer: '' })).status, 402);
  const { id } = Object(first.body);
  const { token } = await makeToken(client.broker, 'acme');
  await client.broker.request(`/jobs/${id}/cancel`, { method: 'POST', headers: bearer(token) });
  t.is((await client.post({ input: 3 }, { prefer: '' })).status, 202, 'its place is free');
  const retry = await client.broker.request(`/jobs/${id}/retry`, { method: 'POST', headers: bearer(token) });
  t.is(retry.status, 402, 'a retry must be paid for as well');
});

test('a call that was under way when its last client canceled is paid', async (t) => {
  const client = await start(t, 10);
  const { body } = await client.post({ input: 'slow' }, { prefer: '' });
  const { id } = Object(body);
  const { token } = await makeToken(client.broker, 'acme');
  const read = () => client.broker.request(`/jobs/${id}`, { headers: bearer(token) });
  while (Object((await read()).body).status !== 'running') await sleep(20);
  await client.broker.request(`/jobs/${id}/cancel`, { method: 'POST', headers: bearer(token) });
  t.is(await settled(client), 2);
});

test('usage tells by day and model what ended how and what it cost', async (t) => {
  const client = await start(t, null);
  await client.post({ input: 1 });
  await client.post({ input: 1 });
  await client.post({ input: 'bad' });
  await client.post({ model: 'unpriced', input: 1 });
  const { body } = await client.usage();
  const counts = { failed: 0, canceled: 0, expired: 0, cached: 0, coalesced: 0, cost: 0 };
  t.like(body, {
    data: [
      { ...counts, model: 'priced', jobs: 3, succeeded: 2, failed: 1, cached: 1, cost: 2 },
      { ...counts, model: 'unpriced', jobs: 1, succeeded: 1 },
    ],
    next: null,
    budget: null,
  });
  t.regex(Object(body).data[0].day, /^\d{4}-\d\d-\d\d$/);
  t.like((await client.usage('?from=2020-01-01&to=2020-02-01')).body, { data: [] });
  const bad = ['from=yesterday', 'to=2026-13-40', 'to=2026-02-30', 'from=2026-02-02&to=2026-02-01'];
  for (const query of [...bad, 'from=2020-01-01']) t.is((await client.usage(`?${query}`)).status, 400, query);
  t.is((await client.broker.request('/tenants/nobody/usage')).status, 404);
});

test('a budget of a month is renewed, and says when', async (t) => {
  const client = await start(t, { limit: 1, period: 'month' });
  const refused = await client.post({ input: 1 });
  t.is(refused.status, 402);
  t.true(Number(refused.headers.get('retry-after')) > 0);
  t.regex(Object((await client.usage()).body).budget.renewed_at, /-01T00:00:00\.000Z$/);
  for (const wrong of [-1, 'much', { limit: 1 }, { limit: 1, period: 'year' }])
    t.is((await putTenant(client.broker, 'acme', { budget: wrong })).status, 400, JSON.stringify(wrong));
});

test('many at once never spend more than the budget has', async (t) => {
  const client = await start(t, 20);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, input) => client.post({ input })));
  const statuses = answers.map(({ status }) => status);
  t.is(statuses.filter((status) => status === 200).length, 10, String(statuses));
  t.is(statuses.filter((status) => status === 402).length, 30);
  t.is(await settled(client), 20);
});

/** Jobs and the account of `acme`, without a broker. */
async function createBooks(t: ExecutionContext) {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  t.teardown(async () => {
    await connection.quit();
    await redis.stop();
  });
  const accounts = createAccounts(connection);
  return {
    connection,
    world: createJobWorld(connection),
    accounts,
    charges: createCharges(connection, accounts),
    account: { tenant: 'acme', period: 'total' },
  };
}

test('a reservation whose job was never admitted is given back, that of a job under way is not', async (t) => {
  const { connection, world, accounts, charges, account } = await createBooks(t);
  const { id } = await world.submit({ price: { cost: 1, account: 'total' } });
  const orphan = id.replace(/.{16}$/, '0123456789abcdef');
  for (const job of [id, orphan]) t.is((await accounts.reserve(account, `${job}~0`, 1, 10)).kind, 'reserved');
  await charges.reconcile(account);
  t.is((await accounts.balance(account)).reserved, 2, 'it may be on its way');
  for (const job of [id, orphan])
    await connection.zadd('inferq:{account:acme}:total:open', 'XX', 1, `${job}~0`);
  await charges.reconcile(account);
  t.deepEqual(await accounts.balance(account), { spent: 0, reserved: 1 });
});

test('one key at two replicas at once is paid once, whoever takes the job in', async (t) => {
  const { world, accounts, charges, account } = await createBooks(t);
  const settings = { ...DEFAULT_SETTINGS, budget: 10 };
  const model = { ...world.model, cost: 5 };
  const { id } = await world.submit();
  await world.store.leave(id, 'canceled');
  const purchase = { tenant: 'acme', settings, model, reservation: `${id}~1` };
  // The first sets the price aside, the second takes the job in, the first is told that it is there already.
  const first = await reserveBudget({ accounts, charges }, purchase);
  const second = await reserveBudget({ accounts, charges }, purchase);
  await world.retry(id, second.price);
  await second.keep();
  await first.release();
  t.deepEqual(await accounts.balance(account), { spent: 0, reserved: 5 });
  await world.succeed(await world.start(`${id}~1`));
  // Also where the first comes late.
  await first.release();
  t.deepEqual(await accounts.balance(account), { spent: 5, reserved: 0 });
});
