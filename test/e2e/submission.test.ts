import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('a job is accepted at once, told where to find it, and ends with the output of its model', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)] });
  const accepted = await broker.request('/jobs', {
    method: 'POST',
    json: { model: 'echo', input: { a: 1 } },
  });
  t.is(accepted.status, 202);
  t.like(accepted.body, { model: 'echo', version: '1', status: 'queued', output: null, cache: 'miss' });
  const location = accepted.headers.get('location') ?? '';
  t.regex(location, /^\/jobs\/job_[0-9a-z]{32}$/);
  const { body } = await broker.request(`${location}?wait=10&include=input,attempts`);
  t.like(body, {
    status: 'succeeded',
    output: { echo: { a: 1 } },
    input: { a: 1 },
    attempts: [{ attempt: 1, outcome: 'succeeded' }],
  });
  t.like(model.calls[0]?.headers, {
    'idempotency-key': location.slice('/jobs/'.length),
    'x-inferq-attempt': '1',
  });
});

test('a wait that runs out answers 202 with the job as it is, and says that it was applied', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('mute', model.url)] });
  const started = performance.now();
  const job = { model: 'mute', input: 1 };
  const late = await broker.request('/jobs', { method: 'POST', json: job, headers: { prefer: 'wait=1' } });
  const elapsed = performance.now() - started;
  t.true(elapsed > 950 && elapsed < 4000, `${elapsed} ms`);
  t.is(late.status, 202);
  t.like(late.body, { status: 'running' });
  t.is(late.headers.get('preference-applied'), 'wait=1');
});

function labelled(key: string, value: unknown): object {
  return { model: 'typed', input: { text: 'x' }, metadata: { [key]: value } };
}

test('a refused submission says which field is wrong', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const schema = { type: 'object', required: ['text'], properties: { text: { type: 'string' } } };
  const broker = await startTestBroker(t, {
    models: [jsonModel('typed', model.url, { input_schema: schema })],
  });
  const post = (json: unknown) => broker.request('/jobs', { method: 'POST', json });
  const cases: [unknown, number, string, string?][] = [
    [{ model: 'typed', input: { text: 1 } }, 422, 'invalid_input', '/input/text'],
    [{ model: 'typed', input: {} }, 422, 'invalid_input', '/input'],
    [{ model: 'typed' }, 400, 'invalid_request', ''],
    [{ model: 'typed', input: { text: 'x' }, colour: 1 }, 400, 'invalid_request', '/colour'],
    [{ model: 'typed', input: { text: 'x' }, ttl: -1 }, 400, 'invalid_request', '/ttl'],
    [labelled('k'.repeat(65), 'v'), 400, 'invalid_request', '/metadata'],
    [labelled('k', 'v'.repeat(513)), 400, 'invalid_request', '/metadata/k'],
    [labelled('two\nlines', 5), 400, 'invalid_request', '/metadata/two\nlines'],
    [
      { model: 'typed', input: { text: 'x' }, webhook: 'http://10.0.0.1/' },
      400,
      'invalid_request',
      '/webhook',
    ],
    [{ model: 'unheard-of', input: {} }, 404, 'model_not_found'],
    [{ model: 'typed@9', input: {} }, 404, 'model_not_found'],
    ['text', 400, 'invalid_request', ''],
  ];
  const all = await post({ model: 'typed', input: {}, colour: 1, ttl: -1 });
  t.like(all.body, { errors: [{ pointer: '/colour' }, { pointer: '/ttl' }] });
  for (const [json, status, type, pointer] of cases) {
    const refused = await post(json);
    const label = JSON.stringify(json);
    t.is(refused.status, status, label);
    t.is(refused.headers.get('content-type'), 'application/problem+json', label);
    t.like(refused.body, { error_type: type, status }, label);
    if (pointer !== undefined) t.like(refused.body, { errors: [{ pointer }] }, label);
  }
  t.is(model.calls.length, 0);
  t.is((await post(labelled('k'.repeat(64), 'v'.repeat(512)))).status, 202);
});

test('who has no valid credential is refused, and learns how to send one', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('echo', 'http://127.0.0.1:9')], workers: 0 });
  for (const authorization of ['', 'Bearer wrong', 'Basic YTpi', 'Bearer']) {
    const refused = await broker.request('/jobs', { headers: { authorization } });
    t.is(refused.status, 401, authorization);
    t.regex(refused.headers.get('www-authenticate') ?? '', /^Bearer realm="inferq"/);
    t.like(refused.body, { error_type: 'unauthenticated' });
  }
});

test('the same Idempotency-Key and body give the same job, another body is refused', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)] });
  const headers = { 'idempotency-key': 'order-42' };
  const job = { model: 'echo', input: { a: 1, b: 2 }, cache: 'bypass' };
  const submitted = await Promise.all(Array.from({ length: 10 }, () => broker.submit(job, headers)));
  t.is(new Set(submitted.map(({ id }) => id)).size, 1);
  const reordered = await broker.run({ cache: 'bypass', input: { b: 2, a: 1 }, model: 'echo' }, headers);
  t.true(submitted.every(({ id }) => id === reordered.id));
  const other = await broker.request('/jobs', { method: 'POST', json: { ...job, input: 3 }, headers });
  t.is(other.status, 422);
  t.like(other.body, { error_type: 'idempotency_key_reused' });
  const long = { 'idempotency-key': 'x'.repeat(256) };
  t.is((await broker.request('/jobs', { method: 'POST', json: job, headers: long })).status, 400);
  t.is(model.calls.length, 1);
});

test('a wait without a number is a minute long', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)] });
  const job = { model: 'echo', input: 1 };
  const { status, headers } = await broker.request('/jobs', {
    method: 'POST',
    json: job,
    headers: { prefer: 'wait' },
  });
  t.is(status, 200);
  t.is(headers.get('preference-applied'), 'wait=60');
  const unheeded = await broker.request('/jobs', {
    method: 'POST',
    json: job,
    headers: { prefer: 'wait=0' },
  });
  t.is(unheeded.headers.get('preference-applied'), null);
});

test('a model that fails is tried again when that can help, and its last error is told', async (t) => {
  const model = await startScriptedModel((call, response, count) => {
    if (call.path === '/flaky' && count < 3) return answer(response, { error: 'busy' }, 503);
    if (call.path === '/bad') return answer(response, { error: 'no such tensor' }, 400);
    return answer(response, 'fine');
  });
  t.teardown(model.stop);
  const retry = { attempts: 3, backoff: 0.01 };
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('flaky', `${model.url}/flaky`, { retry }),
      jsonModel('bad', `${model.url}/bad`, { retry }),
      jsonModel('down', 'http://127.0.0.1:9/', { retry }),
    ],
  });
  const flaky = await broker.run({ model: 'flaky', input: 1 });
  t.like(flaky, { status: 'succeeded', output: 'fine', metrics: { attempts: 3 } });
  const { attempts } = await broker.job(flaky.id, '?include=attempts');
  t.deepEqual(
    attempts?.map(({ outcome }) => outcome),
    ['model_unavailable', 'model_unavailable', 'succeeded'],
  );
  t.deepEqual(
    model.calls.map(({ headers }) => [headers['idempotency-key'], headers['x-inferq-attempt']]),
    [1, 2, 3].map((attempt) => [flaky.id, String(attempt)]),
  );
  const bad = await broker.run({ model: 'bad', input: 1 });
  t.like(bad, { status: 'failed', error: { error_type: 'model_error', retryable: false, attempt: 1 } });
  t.regex(bad.error?.detail ?? '', /no such tensor/);
  const down = await broker.run({ model: 'down', input: 1 });
  t.like(down, { status: 'failed', error: { error_type: 'model_unavailable', attempt: 3 } });
});
