import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { freePort } from '../../cli/local/ports.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { startCollector, type CollectedSpan, type Collector } from '../support/collector.ts';
import { answer, startScriptedModel, type Behaviour, type ScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

const TELL_IMPORTS = path.join(import.meta.dirname, '../support/fixtures/tell-imports.ts');
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CLIENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${CLIENT}-01`;

interface World {
  broker: TestBroker;
  collector: Collector;
  model: ScriptedModel;
  receiver: ScriptedModel;
}

interface Circumstances {
  behave?: Behaviour;
  /** Of the model's spec. */
  more?: Record<string, unknown>;
  env?: Record<string, string>;
  toUrl?: (url: string) => string;
}

async function start(
  t: ExecutionContext,
  { behave, more = {}, env = {}, toUrl = (url) => url }: Circumstances,
): Promise<World> {
  const collector = await startCollector();
  const model = await startScriptedModel(behave);
  const receiver = await startScriptedModel((_call, response) => answer(response, {}));
  t.teardown(() => Promise.all([collector.stop(), model.stop(), receiver.stop()]));
  const models = [jsonModel('m', toUrl(model.url), more)];
  const broker = await startTestBroker(t, {
    models,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
  });
  return { broker, collector, model, receiver };
}

const named =
  (name: string) =>
  (span: CollectedSpan): boolean =>
    span.name === name;

test('one trace goes from the client through API, queue and worker to the model and the receiver', async (t) => {
  const { broker, collector, model, receiver } = await start(t, {});
  const job = await broker.run({ model: 'm', input: 1, webhook: receiver.url }, { traceparent: TRACEPARENT });
  const [delivered] = await collector.find(named('deliver job.succeeded'));
  const [attempt] = await collector.find(named('process m'));
  const [request] = await collector.find(named('POST /jobs'));
  const [admit] = await collector.find(named('admit m'));
  const [wait] = await collector.find(named('wait m'));
  const [call] = await collector.find(named('call m'));
  if (!delivered || !attempt || !request || !admit || !wait || !call) throw new Error('A span is missing');

  t.deepEqual(
    new Set(collector.spans.filter(({ traceId }) => traceId === TRACE).map(({ name }) => name)).size,
    6,
  );
  t.is(request.parentSpanId, CLIENT);
  t.is(admit.parentSpanId, request.spanId);
  for (const span of [wait, attempt, delivered]) t.is(span.parentSpanId, admit.spanId, span.name);
  t.is(call.parentSpanId, attempt.spanId);
  t.is(model.calls[0]?.headers['traceparent'], `00-${TRACE}-${call.spanId}-01`);
  t.is(receiver.calls[0]?.headers['traceparent'], `00-${TRACE}-${delivered.spanId}-01`);

  t.deepEqual(
    [request, admit, wait, attempt, call, delivered].map(({ kind }) => kind),
    [2, 4, 1, 5, 3, 3],
  );
  t.is(request.service, 'inferq-api');
  t.is(attempt.service, 'inferq-worker');
  t.is(attempt.attributes['messaging.message.id'], job.id);
  t.is(request.attributes['http.route'], '/jobs');
  t.is(delivered.attributes['http.response.status_code'], 200);
  t.like(delivered.attributes, {
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(receiver.url).port),
  });
  const queued = (job.metrics.queue_time ?? Number.NaN) * 1000;
  t.true(
    Math.abs(wait.milliseconds - queued) < 1,
    `${wait.milliseconds} ms in the queue, ${queued} says the job`,
  );
  t.true([request, admit, wait, attempt, call, delivered].every(({ failed }) => !failed));
});

test('a client without a traceparent begins a trace, and the lines of the log name it', async (t) => {
  const { broker, collector, model } = await start(t, {});
  await broker.run({ model: 'm', input: 1 });
  const [request] = await collector.find(named('POST /jobs'));
  t.is(request?.parentSpanId, '');
  t.regex(String(model.calls[0]?.headers['traceparent']), new RegExp(`^00-${request?.traceId}-`));
  const log = await readLogs(broker);
  for (const line of ['request.answered', 'job.admitted', 'job.started', 'job.ended'])
    t.regex(log, new RegExp(`"trace":"${request?.traceId}","msg":"${line}"`), line);
});

test('an attempt links to the one before it, of a job and of a webhook', async (t) => {
  const { broker, collector, receiver } = await start(t, {
    behave: (_call, response, count) => answer(response, {}, count < 3 ? 503 : 200),
    more: { retry: { attempts: 3, backoff: 0 } },
  });
  t.is((await broker.run({ model: 'm', input: 1 })).status, 'succeeded');
  const attempts = await collector.find(named('process m'), 3);
  const [first, second, third] = attempts.toSorted(
    (one, other) => Number(one.attributes['inferq.attempt']) - Number(other.attributes['inferq.attempt']),
  );
  t.deepEqual(first?.links, []);
  t.deepEqual(second?.links, [{ traceId: first?.traceId, spanId: first?.spanId }]);
  t.deepEqual(third?.links, [{ traceId: second?.traceId, spanId: second?.spanId }]);
  t.deepEqual(
    [first, second, third].map((span) => span?.attributes['error.type']),
    ['model_unavailable', 'model_unavailable', undefined],
  );
  t.deepEqual([first?.failed, third?.failed], [true, false]);
  t.is(collector.spans.filter(named('wait m')).length, 1);

  const told = await broker.run({ model: 'm', input: 2, webhook: `${receiver.url}/first` });
  const [once] = await collector.find((span) => isDelivery(span, told.id));
  const { body } = await broker.request(`/jobs/${told.id}/deliveries`);
  await broker.request(`/jobs/${told.id}/deliveries/${Object(body).data[0].id}/redeliver`, {
    method: 'POST',
  });
  const twice = (await collector.find((span) => isDelivery(span, told.id), 2)).find((span) => span !== once);
  t.deepEqual(once?.links, []);
  t.deepEqual(twice?.links, [{ traceId: once?.traceId, spanId: once?.spanId }]);
});

test('a job that joins a run links to the job that the run was made for', async (t) => {
  const held = Promise.withResolvers<void>();
  const { broker, collector } = await start(t, {
    behave: async (_call, response) => {
      await held.promise;
      answer(response, {});
    },
  });
  const owner = await broker.submit({ model: 'm', input: 1 }, { traceparent: TRACEPARENT });
  const joined = await broker.submit({ model: 'm', input: 1 });
  held.resolve();
  t.is(joined.cache, 'coalesced');
  const [own] = await collector.find((span) => isAdmission(span, owner.id));
  const [other] = await collector.find((span) => isAdmission(span, joined.id));
  t.deepEqual(other?.links, [{ traceId: TRACE, spanId: own?.spanId }]);
  t.not(other?.traceId, TRACE);
});

test('what the client or the sampler leaves out is not sent, but goes on with its trace', async (t) => {
  const { broker, collector, model } = await start(t, {
    env: { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
  });
  await broker.run({ model: 'm', input: 1 }, { traceparent: `00-${TRACE}-${CLIENT}-00` });
  await broker.run({ model: 'm', input: 2 });
  const seen = '1'.repeat(32);
  await broker.run({ model: 'm', input: 3 }, { traceparent: `00-${seen}-${CLIENT}-01` });
  await collector.find(named('process m'));
  await collector.find(named('POST /jobs'));
  t.deepEqual([...new Set(collector.spans.map(({ traceId }) => traceId))], [seen]);
  t.regex(String(model.calls[0]?.headers['traceparent']), new RegExp(`^00-${TRACE}-(?!${CLIENT}).{16}-00$`));
});

test('no input, output, secret or address of a receiver is in a span', async (t) => {
  const secret = 'canary-7f3a19';
  const { broker, collector, model, receiver } = await start(t, {
    behave: (_call, response) => answer(response, { error: secret }, 400),
    env: {
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=for%20the%20collector',
      OTEL_RESOURCE_ATTRIBUTES: 'cloud.region=here',
    },
    toUrl: (url) => `${url.replace('http://', `http://user:${secret}@`)}?key=${secret}`,
  });
  const webhook = `${receiver.url}/${secret}?a=${secret}`;
  await broker.run(
    { model: 'm', input: { secret }, metadata: { secret }, webhook },
    { 'idempotency-key': secret, 'user-agent': secret },
  );
  await broker.request(`/jobs/${secret}?a=${secret}`);
  await broker.request(`/${secret}`, { headers: { traceparent: secret } });
  await collector.find(named('deliver job.failed'));
  await collector.find(({ attributes }) => attributes['http.response.status_code'] === 404, 2);
  t.regex(String(model.calls[0]?.path), new RegExp(secret));
  t.notRegex(collector.text(), new RegExp(secret));
  t.regex(collector.text(), /"x-key":"for the collector"/);
  t.regex(collector.text(), /cloud\.region/);
});

test('the call of a batch is under the attempt of one job and links to those of the others', async (t) => {
  const { broker, collector } = await start(t, {
    behave: (call, response) => answer(response, call.body),
    more: { batch: { max_size: 3, max_delay_ms: 2000 }, cache: { scope: 'off' } },
  });
  await Promise.all([1, 2, 3].map((input) => broker.run({ model: 'm', input })));
  const attempts = await collector.find(named('process m'), 3);
  const [call] = await collector.find(named('call m'));
  t.is(call?.attributes['messaging.batch.message_count'], 3);
  t.deepEqual(
    new Set([call?.parentSpanId, ...(call?.links ?? []).map(({ spanId }) => spanId)]),
    new Set(attempts.map(({ spanId }) => spanId)),
  );
});

test('while the collector is away jobs go on, and the log says so once', async (t) => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const { broker } = await start(t, {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: nobody, OTEL_EXPORTER_OTLP_TIMEOUT: '200' },
  });
  const count = async (): Promise<number> =>
    (await readLogs(broker)).match(/"msg":"traces.failed"/g)?.length ?? 0;
  for (let input = 0; (await count()) < 2; input++) {
    t.is((await broker.run({ model: 'm', input })).status, 'succeeded');
    await sleep(50);
  }
  // Each role has tried, and tries again with each batch.
  const since = performance.now();
  for (let input = 1000; performance.now() - since < 3000; input++)
    t.is((await broker.run({ model: 'm', input })).status, 'succeeded');
  t.is(await count(), 2);
});

test('without a collector nothing of OpenTelemetry is loaded, and a traceparent is passed on as it came', async (t) => {
  const { broker, collector, model } = await start(t, {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: '', NODE_OPTIONS: `--import=${TELL_IMPORTS}` },
  });
  await broker.run({ model: 'm', input: 1 }, { traceparent: TRACEPARENT });
  t.is(model.calls[0]?.headers['traceparent'], TRACEPARENT);
  t.deepEqual(collector.spans, []);
  const log = await readLogs(broker);
  t.notRegex(log, /"trace":|"loaded":/);
  await broker.startWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await until(async () => /"loaded":"@opentelemetry\/sdk-trace"/.test(await readLogs(broker)));
});

function isDelivery({ name, attributes }: CollectedSpan, jobId: string): boolean {
  return name === 'deliver job.succeeded' && attributes['messaging.message.conversation_id'] === jobId;
}

function isAdmission({ name, attributes }: CollectedSpan, jobId: string): boolean {
  return name === 'admit m' && attributes['messaging.message.id'] === jobId;
}

async function readLogs({ modelFile }: TestBroker): Promise<string> {
  const folder = path.dirname(modelFile);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.join('\n');
}
