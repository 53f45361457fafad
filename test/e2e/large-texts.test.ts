import { mkdir, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { placeForBlobs, type BlobKind, type TestBlobs } from '../support/blob-place.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { readEvents } from '../support/event-stream.ts';
import { answer, startScriptedModel, type Behaviour, type ScriptedModel } from '../support/scripted-model.ts';

const INPUT = 'ü'.repeat(450_000);
const OUTPUT = { text: 'é'.repeat(500_000) };

interface World {
  broker: TestBroker;
  blobs: TestBlobs;
  model: ScriptedModel;
}

async function startWorld(
  t: ExecutionContext,
  kind: BlobKind,
  behave: Behaviour = (_call, response) => answer(response, OUTPUT),
  more: Record<string, unknown> = {},
): Promise<World> {
  const model = await startScriptedModel(behave);
  t.teardown(model.stop);
  const blobs = await placeForBlobs(t, kind);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, more)], env: blobs.env });
  return { broker, blobs, model };
}

for (const kind of ['files', 's3'] as const) {
  test(`${kind}: a large input and output are as they were by every way of reading, and not in Redis`, async (t) => {
    const { broker, blobs, model } = await startWorld(t, kind);
    const job = await broker.run({ model: 'm', input: INPUT });
    same(t, job.output, OUTPUT);
    same(t, model.calls[0]?.body, INPUT);
    t.is((await blobs.names()).length, 2);
    t.true((await dataBytes(broker)) < 20_000);
    same(t, (await broker.job(job.id, '?include=input')).input, INPUT);
    same(t, (await broker.job(job.id)).output, OUTPUT);
    const alone = await broker.request(`/jobs/${job.id}/output`);
    same(t, alone.body, OUTPUT);
    t.is(alone.headers.get('content-type'), 'application/json');
    const head = await broker.request(`/jobs/${job.id}/output`, { method: 'HEAD' });
    t.is(head.headers.get('content-length'), String(Buffer.byteLength(alone.text)));
    t.is(head.headers.get('content-type'), 'application/json');
    const { body } = await broker.request('/jobs');
    same(t, body, { data: [job], next: null });
    const events = await readEvents(`${broker.url}/jobs/${job.id}/events`);
    same(t, events.at(-1)?.data, job);
  });

  test(`${kind}: a cache hit and those who joined have the same blob`, async (t) => {
    const { broker, blobs, model } = await startWorld(t, kind, async (_call, response) => {
      await sleep(2000);
      answer(response, OUTPUT);
    });
    const [leader, follower] = await Promise.all([1, 2].map(() => broker.run({ model: 'm', input: INPUT })));
    const hit = await broker.run({ model: 'm', input: INPUT });
    // Whichever of the two came first.
    t.regex(`${leader?.cache} ${follower?.cache}`, /^(miss coalesced|coalesced miss)$/);
    t.is(hit.cache, 'hit');
    for (const job of [leader, follower, hit]) same(t, job?.output, OUTPUT);
    t.is(model.calls.length, 1);
    t.is((await blobs.names()).length, 2, 'what was brought for the others has been taken away again');
  });

  test(`${kind}: a job that failed is retried with its large input, also after the first run is forgotten`, async (t) => {
    const { broker, blobs } = await startWorld(
      t,
      kind,
      async (call, response, count) => {
        if (count > 1) await sleep(5000);
        answer(
          response,
          count === 1 ? { error: 'no' } : { length: String(call.body).length },
          count === 1 ? 400 : 200,
        );
      },
      { retention: 2, cache: { scope: 'off' } },
    );
    const { id, status } = await broker.run({ model: 'm', input: INPUT });
    t.is(status, 'failed');
    await broker.request(`/jobs/${id}/retry`, { method: 'POST' });
    // The data of the first run expire while the second is under way: its blob has to stay.
    await sleep(4500);
    t.is((await blobs.names()).length, 1);
    t.deepEqual((await broker.job(id, '?wait=30')).output, { length: INPUT.length });
    await gone(blobs);
    t.like(await broker.job(id), { data_removed: true, output: null });
  });

  test(`${kind}: blobs go with their job: after the retention, and after a cancel`, async (t) => {
    const { broker, blobs } = await startWorld(t, kind, undefined, {
      retention: 1,
      cache: { scope: 'off' },
    });
    const { id } = await broker.run({ model: 'm', input: INPUT });
    const delayed = await broker.submit({ model: 'm', input: INPUT, delay: 600 });
    await broker.request(`/jobs/${delayed.id}/cancel`, { method: 'POST' });
    await gone(blobs);
    t.is((await broker.request(`/jobs/${id}/output`)).status, 410);
    t.like(await broker.job(id), { data_removed: true });
  });

  test(`${kind}: what is lost from the store is told: 410, and no job that cannot end`, async (t) => {
    const { broker, blobs } = await startWorld(t, kind);
    const { id } = await broker.run({ model: 'm', input: INPUT });
    const waiting = await broker.submit({ model: 'm', input: [INPUT], delay: 2 });
    await blobs.lose();
    t.like((await broker.request(`/jobs/${id}/output`)).body, { status: 410, error_type: 'data_removed' });
    t.like(await broker.job(id, '?include=input'), { data_removed: true, output: null });
    const ended = await broker.job(waiting.id, '?wait=30');
    t.like(ended, { status: 'failed', error: { error_type: 'data_removed', retryable: false } });
  });
}

test('a client that asks for it is sent to the bucket; of files and of small outputs it gets the output', async (t) => {
  const { broker } = await startWorld(t, 's3', (call, response) =>
    answer(response, call.body === 1 ? 'small' : OUTPUT),
  );
  const { id } = await broker.run({ model: 'm', input: 2 });
  const sent = await broker.request(`/jobs/${id}/output?redirect=true`, { redirect: 'manual' });
  t.is(sent.status, 302);
  t.is(sent.headers.get('cache-control'), 'no-store');
  same(t, await (await fetch(sent.headers.get('location') ?? '')).json(), OUTPUT);
  const small = await broker.run({ model: 'm', input: 1 });
  t.is((await broker.request(`/jobs/${small.id}/output?redirect=true`)).text, '"small"');
  const files = await startWorld(t, 'files');
  const other = await files.broker.run({ model: 'm', input: 2 });
  const direct = await files.broker.request(`/jobs/${other.id}/output?redirect=true`, { redirect: 'manual' });
  t.is(direct.status, 200);
  same(t, direct.body, OUTPUT);
});

for (const kind of ['files', 's3'] as const)
  test(`${kind}: while the store is away large submissions are refused with 503, and small ones go on`, async (t) => {
    const { broker, blobs } = await startWorld(t, kind, (call, response) => answer(response, call.body));
    await blobs.stop();
    const refused = await broker.request('/jobs', { method: 'POST', json: { model: 'm', input: INPUT } });
    t.like(refused.body, { status: 503, error_type: 'storage_unavailable' });
    t.is(refused.headers.get('retry-after'), '5');
    t.is((await broker.run({ model: 'm', input: 'small' })).status, 'succeeded');
    t.deepEqual((await broker.request('/jobs')).text.match(/"id"/g)?.length, 1);
  });

test('where another folder stands in the place of that of the start, nothing is told to be lost, and /readyz warns', async (t) => {
  const { broker, blobs } = await startWorld(t, 'files');
  const { id } = await broker.run({ model: 'm', input: INPUT });
  t.like((await broker.request('/readyz')).body, { ready: true, warnings: [] });
  // As where a file system is unmounted.
  await rename(blobs.folder, `${blobs.folder}-away`);
  await mkdir(blobs.folder);
  t.teardown(() => rm(`${blobs.folder}-away`, { recursive: true, force: true }));
  t.like((await broker.request(`/jobs/${id}/output`)).body, { error_type: 'storage_unavailable' });
  const { status, body } = await broker.request('/readyz');
  t.is(status, 200);
  t.regex(
    String(Object(body).warnings),
    /blobs: The mark of the start is not in files in .* see that it is mounted/,
  );
  await rm(blobs.folder, { recursive: true });
  await rename(`${blobs.folder}-away`, blobs.folder);
  same(t, (await broker.request(`/jobs/${id}/output`)).body, OUTPUT);
  t.like((await broker.request('/readyz')).body, { warnings: [] });
});

test('an output that cannot be stored now is a fault that passes', async (t) => {
  const { broker, blobs } = await startWorld(
    t,
    's3',
    async (_call, response, count) => {
      if (count === 1) await blobs.stop();
      answer(response, count === 1 ? OUTPUT : 'small');
    },
    { retry: { attempts: 2, backoff: 0 } },
  );
  const { id, status } = await broker.run({ model: 'm', input: 1 });
  t.is(status, 'succeeded');
  const { attempts } = await broker.job(id, '?include=attempts');
  t.deepEqual(
    attempts?.map(({ outcome }) => outcome),
    ['storage_unavailable', 'succeeded'],
  );
});

test('limits are settings: a body over its own is 413, an output over its own fails with result_too_large', async (t) => {
  const model = await startScriptedModel((call, response) => answer(response, 'x'.repeat(Number(call.body))));
  t.teardown(model.stop);
  const env = { INFERQ_MAX_BODY: '2000000', INFERQ_MAX_OUTPUT: '100000' };
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], env });
  t.is((await broker.run({ model: 'm', input: 99_998 })).status, 'succeeded');
  t.like(await broker.run({ model: 'm', input: 99_999 }), { error: { error_type: 'result_too_large' } });
  const size = async (bytes: number) =>
    (await broker.request('/jobs', { method: 'POST', json: { model: 'm', input: 'x'.repeat(bytes) } }))
      .status;
  t.deepEqual([await size(1_900_000), await size(2_000_000)], [202, 413]);
});

test('a role that does not see the store of the others does not start', async (t) => {
  const { broker } = await startWorld(t, 'files');
  const other = await placeForBlobs(t, 'files');
  await t.throwsAsync(broker.startWorker(other.env), {
    message: /is not where the other roles of this Redis keep/,
  });
  await t.throwsAsync(broker.startWorker({ INFERQ_BLOBS: '' }), {
    message: /INFERQ_BLOBS is not set, but this Redis/,
  });
  await t.throwsAsync(broker.startWorker({ INFERQ_BLOBS: '/dev/null/x' }), {
    message: /cannot write to files in \/dev\/null/,
  });
});

/** Without a megabyte of difference in the report. */
function same(t: ExecutionContext, actual: unknown, expected: unknown): void {
  t.true(isDeepStrictEqual(actual, expected), JSON.stringify(actual).slice(0, 200));
}

async function dataBytes({ redis }: TestBroker): Promise<number> {
  const { Redis } = await import('ioredis');
  const client = new Redis(redis.url);
  try {
    const keys = await client.keys('inferq:*');
    const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key)));
    return sizes.reduce<number>((sum, size) => sum + Number(size), 0);
  } finally {
    client.disconnect();
  }
}

async function gone(blobs: TestBlobs): Promise<void> {
  const end = performance.now() + 30_000;
  while ((await blobs.names()).length > 0) {
    if (performance.now() > end) throw new Error(`Still there: ${(await blobs.names()).join(' ')}`);
    await sleep(200);
  }
}
