import test from 'ava';
import { json, problem, startFakeBroker } from './fake-broker.ts';
import { runInferq } from './inferq-process.ts';
import { succeededJob } from './sample.ts';

const model = {
  name: 'language-id',
  version: '1',
  protocol: 'json',
  running: 2,
  backlog: 3,
  oldest_wait: 1.5,
  p50: 0.01,
  p95: 0.25,
  wait_p50: 0.001,
  wait_p95: 2,
  traffic: 100,
  source: 'api',
  endpoints: [
    { url: 'http://a/infer', state: 'closed' },
    { url: 'http://b/infer', state: 'open' },
  ],
  input_schema: { type: 'object' },
};

test('models ls prints an aligned table', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models', json(200, { data: [model, { name: 'ocr' }], next: null }));
  const { code, stdout, stderr } = await runInferq(t, ['models', 'ls'], { broker });
  t.is(code, 0, stderr);
  t.deepEqual(stdout.split('\n'), [
    'MODEL          PROTOCOL  ENDPOINTS                    RUNNING  BACKLOG  OLDEST WAIT  P50    P95     TRAFFIC',
    'language-id@1  json      1/2 healthy, 1 out of order  2        3        1.5 s        10 ms  250 ms  100 %',
    'ocr            –         –                            –        –        –            –      –       –',
    '',
  ]);
});

test('models ls and get call an endpoint healthy only when the last call went well', async (t) => {
  const broker = await startFakeBroker(t);
  const failing = { url: 'http://a/x', state: 'closed', failing: true, error: 'refused' };
  const shown = { name: 'm', endpoints: [failing, { url: 'http://b/x', state: 'unknown', failing: false }] };
  broker.on('GET /models', json(200, { data: [shown], next: null }));
  broker.on('GET /models/m', json(200, shown));
  const { stdout } = await runInferq(t, ['models', 'ls'], { broker });
  t.regex(stdout, /\nm +– +1 failing, 1 not called of late /);
  const whole = await runInferq(t, ['models', 'get', 'm'], { broker });
  t.regex(whole.stdout, /^endpoint +http:\/\/a\/x \(failing: refused\)$/m);
  t.regex(whole.stdout, /^endpoint +http:\/\/b\/x \(not called of late\)$/m);
});

test('models ls says when there are none', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models', json(200, { data: [], next: null }));
  const { code, stdout, stderr } = await runInferq(t, ['models', 'ls'], { broker });
  t.is(code, 0);
  t.is(stdout, '');
  t.regex(stderr, /No models/);
});

test('models get shows each endpoint and the schema', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models/language-id%401', json(200, model));
  const { code, stdout, stderr } = await runInferq(t, ['models', 'get', 'language-id@1'], { broker });
  t.is(code, 0, stderr);
  t.regex(stdout, /^endpoint +http:\/\/b\/infer \(out of order\)$/m);
  t.regex(stdout, /"type": "object"/);
});

test('models get --json prints what the API says', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models/language-id', json(200, model));
  const { stdout } = await runInferq(t, ['models', 'get', 'language-id', '--json'], { broker });
  t.deepEqual(JSON.parse(stdout), model);
});

test('models get of a model that does not exist says how to list them', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models/x', problem(404, 'model_not_found', 'There is no model x'));
  const { code, stderr } = await runInferq(t, ['models', 'get', 'x'], { broker });
  t.is(code, 1);
  t.regex(stderr, /npx inferq models ls/);
});

test('models get refuses what is no name with exit 2', async (t) => {
  const broker = await startFakeBroker(t);
  const { code } = await runInferq(t, ['models', 'get', '../jobs'], { broker });
  t.is(code, 2);
  t.is(broker.seen.length, 0);
});

test('models show is models get', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models/language-id', json(200, model));
  const { stdout } = await runInferq(t, ['models', 'show', 'language-id'], { broker });
  t.regex(stdout, /^waiting +p50 1 ms, p95 2 s$/m);
  t.regex(stdout, /^from +the API$/m);
});

test('models add puts each model of a file under its name and version', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('PUT /models/a', json(201, { ...model, name: 'a' }));
  broker.on('PUT /models/b%402', json(200, { ...model, name: 'b', version: '2' }));
  const endpoints = [{ url: 'http://a/x' }];
  const specs = [
    { name: 'a', protocol: 'json', endpoints },
    { name: 'b', version: '2', protocol: 'json', endpoints },
  ];
  const input = JSON.stringify({ models: specs });
  const { code, stdout, stderr } = await runInferq(t, ['models', 'add', '-'], { broker, input });
  t.is(code, 0, stderr);
  t.is(stdout, 'a@1 added\nb@2 replaced\n');
  t.deepEqual(
    broker.seen.map(({ body }) => JSON.parse(body)),
    specs,
  );
});

test('models add of several models with a fault in one changes nothing, and says which it is in', async (t) => {
  const broker = await startFakeBroker(t);
  const endpoint = { url: 'http://a/x' };
  const good = { name: 'a', protocol: 'json', endpoints: [endpoint] };
  const bad = { ...good, name: 'b', version: '2', timeuot: 3 };
  const telling = {
    ...good,
    name: 'c',
    endpoints: [{ ...endpoint, headers: { authorization: 'Bearer s3' } }],
  };
  const input = JSON.stringify({ models: [good, bad, telling] });
  const { code, stdout, stderr } = await runInferq(t, ['models', 'add', '-'], { broker, input });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /\/models\/1\/timeuot {2}b@2: is not a known property: did you mean 'timeout'\?/);
  t.regex(stderr, /\/models\/2\/endpoints\/0\/headers\/authorization {2}c: must be a reference/);
  t.is(broker.seen.length, 0);
});

test('models add that is refused on its way says of which model, and what was added before', async (t) => {
  const broker = await startFakeBroker(t);
  const spec = { protocol: 'json', endpoints: [{ url: 'http://a/x' }] };
  const errors = [{ pointer: '/fallback', detail: 'b@1 falls back to z, which there is not' }];
  const detail = 'Nothing was changed: /fallback b@1 falls back to z, which there is not.';
  broker.on('PUT /models/a', json(201, { ...model, name: 'a' }));
  broker.on('PUT /models/b', problem(422, 'invalid_model', detail, { errors }));
  const models = [
    { ...spec, name: 'a' },
    { ...spec, name: 'b', fallback: 'z' },
  ];
  const input = JSON.stringify({ models });
  const { code, stdout, stderr } = await runInferq(t, ['models', 'add', '-'], { broker, input });
  t.is(code, 1);
  t.is(stdout, 'a@1 added\n');
  t.regex(stderr, /b: Nothing was changed: .*\n {2}In force already, before it in the file: a@1\n/);
  t.regex(stderr, /\/models\/1\/fallback {2}b: b@1 falls back to z/);
});

test('models add takes a single spec in JSON, and tells each fault that the broker finds', async (t) => {
  const broker = await startFakeBroker(t);
  const errors = [{ pointer: '/timeuot', detail: "is not a known property: did you mean 'timeout'?" }];
  broker.on('PUT /models/a', problem(422, 'invalid_model', 'Nothing was changed', { errors }));
  const input = '{"name": "a", "protocol": "json", "endpoints": [{"url": "http://a/x"}]}';
  const { code, stderr } = await runInferq(t, ['models', 'add', '-'], { broker, input });
  t.is(code, 1);
  t.regex(stderr, /\/timeuot {2}is not a known property: did you mean 'timeout'\?/);
});

test('models add refuses what is no model file with exit 2', async (t) => {
  const broker = await startFakeBroker(t);
  for (const input of ['', '[]', 'models: []', 'models: [a: b: c', '{"protocol": "json"}', 'name: ../x']) {
    const { code } = await runInferq(t, ['models', 'add', '-'], { broker, input });
    t.is(code, 2, input);
  }
  t.is(broker.seen.length, 0);
});

test('models rm, pause and resume say what has become of the model', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('DELETE /models/m%401', (response) => void response.writeHead(204).end());
  broker.on('POST /models/m/pause', json(200, { ...model, paused: true }));
  broker.on('POST /models/m/resume', json(200, model));
  const removed = await runInferq(t, ['models', 'rm', 'm@1'], { broker });
  t.is(removed.code, 0, removed.stderr);
  t.regex(removed.stderr, /m@1 is removed/);
  t.is((await runInferq(t, ['models', 'pause', 'm'], { broker })).stdout, 'm is paused; 3 jobs wait\n');
  t.is((await runInferq(t, ['models', 'resume', 'm'], { broker })).stdout, 'm goes on; 3 jobs wait\n');
});

test('models redrive takes a time as webhooks replay does, and models add of no file gives no advice on inputs', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /models/m/redrive', json(202, { redriven: 0, stopped: null, next: null }));
  const { code, stderr } = await runInferq(t, ['models', 'redrive', 'm', '--since', '1h'], { broker });
  t.is(code, 0, stderr);
  const { since } = JSON.parse(broker.seen[0]?.body ?? '');
  t.true(Math.abs(Date.now() - Date.parse(since) - 3_600_000) < 60_000, since);
  const none = await runInferq(t, ['models', 'add', 'nofile.yaml'], { broker });
  t.is(none.code, 2);
  t.regex(none.stderr, /nofile\.yaml cannot be read/);
  t.notRegex(none.stderr, /@/);
});

test('models redrive asks until nothing is left', async (t) => {
  const broker = await startFakeBroker(t);
  const next = '2026-01-01T00:00:00.000Z';
  broker.on(
    'POST /models/m/redrive',
    json(202, { redriven: 1000, stopped: 'limit', next }),
    json(202, { redriven: 7, stopped: null, next: null }),
  );
  const args = ['models', 'redrive', 'm', '--error-type', 'model_error', '--tenant', 'acme'];
  const { stdout, stderr } = await runInferq(t, args, { broker });
  t.is(stdout, '1007\n', stderr);
  t.deepEqual(
    broker.seen.map(({ body }) => JSON.parse(body)),
    [
      { error_type: 'model_error', tenant: 'acme' },
      { error_type: 'model_error', tenant: 'acme', since: next },
    ],
  );
});

test('models redrive stops at its limit and where the backlog is full', async (t) => {
  const broker = await startFakeBroker(t);
  const next = '2026-01-01T00:00:00.000Z';
  broker.on('POST /models/m/redrive', json(202, { redriven: 5, stopped: 'limit', next }));
  broker.on('POST /models/n/redrive', json(202, { redriven: 2, stopped: 'full', next }));
  t.is((await runInferq(t, ['models', 'redrive', 'm', '-n', '5'], { broker })).stdout, '5\n');
  t.is(broker.seen.length, 1);
  const full = await runInferq(t, ['models', 'redrive', 'n'], { broker });
  t.regex(full.stderr, /2 jobs wait again; the backlog is full/);
});

test('models test sends the example of the schema, or what is given, past the cache', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models/m', json(200, { ...model, input_schema: { examples: [{ text: 'hello' }] } }));
  broker.on('GET /models/n', json(200, model));
  broker.on('POST /jobs', json(200, succeededJob({ language: 'en' })));
  const { code, stdout, stderr } = await runInferq(t, ['models', 'test', 'm'], { broker });
  t.is(code, 0, stderr);
  t.deepEqual(JSON.parse(stdout), { language: 'en' });
  await runInferq(t, ['models', 'test', 'm', 'text=hallo'], { broker });
  const sent = broker.seen.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body));
  t.deepEqual(sent, [
    { model: 'm', cache: 'bypass', input: { text: 'hello' } },
    { model: 'm', cache: 'bypass', input: { text: 'hallo' } },
  ]);
  const none = await runInferq(t, ['models', 'test', 'n'], { broker });
  t.is(none.code, 2);
  t.regex(none.stderr, /has no example/);
});
