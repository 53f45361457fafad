import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startTestBroker, jsonModel } from '../support/broker.ts';
import { endsOf, startModel } from '../support/many-jobs.ts';
import { answer } from '../support/scripted-model.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';
import { metricsOf } from '../support/worker-metrics.ts';

const sizeOf = (body: unknown): number => (Array.isArray(body) ? body.length : 1);

test('jobs that wait go to the model together, and each gets its own answer', async (t) => {
  const model = await startModel(t, async ({ body }, response) => {
    await sleep(20);
    answer(response, Array.isArray(body) ? body.map((input) => ({ is: input })) : { is: body });
  });
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', model.url, {
        batch: { max_size: 8, max_delay_ms: 100 },
        concurrency: 2,
        postprocess: '{"was": is}',
      }),
    ],
  });
  const inputs = Array.from({ length: 64 }, (_, at) => at);
  const jobs = await Promise.all(inputs.map((input) => broker.run({ model: 'm', input })));
  t.deepEqual(
    jobs.map(({ output }) => output),
    inputs.map((was) => ({ was })),
  );
  const sizes = model.calls.map(({ body }) => sizeOf(body));
  t.is(
    sizes.reduce((sum, size) => sum + size, 0),
    64,
  );
  t.true(sizes.length <= 20, `${sizes.length} calls: ${String(sizes)}`);
  t.true(Math.max(...sizes) <= 8);
  t.regex(await metricsOf(broker), /^inferq_batch_size_sum\{model="m"\} 64$/m);
});

test('one bad input fails alone, with the model’s own words', async (t) => {
  const model = await startModel(t, ({ body }, response) => {
    const inputs: unknown[] = Array.isArray(body) ? body : [body];
    if (inputs.includes('bad')) answer(response, { error: 'that one is bad' }, 400);
    else answer(response, body);
  });
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { batch: { max_size: 8, max_delay_ms: 500 } })],
  });
  const inputs = ['a', 'b', 'bad', 'd', 'e', 'f', 'g', 'h'];
  const jobs = await Promise.all(inputs.map((input) => broker.run({ model: 'm', input })));
  for (const [at, job] of jobs.entries()) {
    if (inputs[at] === 'bad') t.regex(job.error?.detail ?? '', /that one is bad/);
    else t.is(job.output, inputs[at]);
  }
});

test('jobs of two tenants share no call unless the model allows it', async (t) => {
  const model = await startModel(t, ({ body }, response) => answer(response, body));
  const batch = { max_size: 8, max_delay_ms: 300 };
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('apart', model.url, { batch }),
      jsonModel('together', model.url, { batch: { ...batch, across_tenants: true } }),
    ],
  });
  await putTenant(broker, 'other', {});
  const { token } = await makeToken(broker, 'other');
  for (const name of ['apart', 'together']) {
    const inputs = ['1', '2', '3', '4'];
    await Promise.all(
      inputs.flatMap((input) => [
        broker.run({ model: name, input: `dev ${input} ${name}` }),
        broker.run({ model: name, input: `other ${input} ${name}` }, bearer(token)),
      ]),
    );
  }
  const mixed = model.calls.filter(({ body }) => /dev.*other|other.*dev/.test(JSON.stringify(body)));
  t.true(mixed.length > 0);
  t.true(mixed.every(({ body }) => JSON.stringify(body).includes('together')));
});

test('a job that is canceled leaves its batch, whose call is broken off when all have left', async (t) => {
  const model = await startModel(t, () => undefined);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { batch: { max_size: 2, max_delay_ms: 10_000 }, timeout: 60 })],
  });
  const [first, second] = await Promise.all([
    broker.submit({ model: 'm', input: 1 }),
    broker.submit({ model: 'm', input: 2 }),
  ]);
  while (model.calls.length === 0) await sleep(20);
  const cancel = (id: string) => broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
  t.like((await cancel(first.id)).body, { status: 'canceled' });
  await sleep(200);
  t.false(model.calls[0]?.aborted);
  await cancel(second.id);
  while (!model.calls[0]?.aborted) await sleep(10);
  t.is(model.calls.length, 1);
});

test('what fails together for want of the server is tried again, each alone', async (t) => {
  const model = await startModel(t, ({ body }, response) =>
    Array.isArray(body) ? answer(response, { error: 'overloaded' }, 503) : answer(response, body),
  );
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', model.url, {
        batch: { max_size: 4, max_delay_ms: 500 },
        retry: { attempts: 3, backoff: 0.05 },
      }),
    ],
  });
  const jobs = await Promise.all([1, 2, 3, 4].map((input) => broker.submit({ model: 'm', input })));
  const ends = await endsOf(
    broker,
    jobs.map(({ id }) => id),
  );
  t.deepEqual(
    ends.map(({ output }) => output),
    [1, 2, 3, 4],
  );
});

test('no more calls than the concurrency are under way, over several workers', async (t) => {
  let running = 0;
  let most = 0;
  const model = await startModel(t, async ({ body }, response) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(30);
    running -= 1;
    answer(response, body);
  });
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { batch: { max_size: 4, max_delay_ms: 1 }, concurrency: 3 })],
    workers: 2,
  });
  await Promise.all(Array.from({ length: 120 }, (_, input) => broker.run({ model: 'm', input })));
  t.true(most <= 3, `${most} calls at once`);
});

test('where a call has a fixed cost, batches of 16 do at least eight times the jobs', async (t) => {
  // The server does one call after the other, each in 100 ms, however many inputs it has.
  let turn = Promise.resolve();
  const model = await startModel(t, async ({ body }, response) => {
    turn = turn.then(() => sleep(100));
    await turn;
    answer(response, body);
  });
  const common = { concurrency: 16, cache: { scope: 'off' }, timeout: 300 };
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('single', model.url, common),
      jsonModel('batched', model.url, { ...common, batch: { max_size: 16, max_delay_ms: 5 } }),
    ],
  });
  const rate = async (name: string, count: number): Promise<number> => {
    const started = performance.now();
    await Promise.all(Array.from({ length: count }, (_, input) => broker.run({ model: name, input })));
    return (count / (performance.now() - started)) * 1000;
  };
  await rate('batched', 32);
  const single = await rate('single', 20);
  const batched = await rate('batched', 640);
  t.log(
    `${single.toFixed(0)} jobs/s alone, ${batched.toFixed(0)} in batches: ${(batched / single).toFixed(1)} times`,
  );
  t.true(batched >= 8 * single);
});
