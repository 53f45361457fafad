import test from 'ava';
import { json, problem, startFakeBroker } from './fake-broker.ts';
import { runInferq } from './inferq-process.ts';

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
    { url: 'http://a/infer', healthy: true },
    { url: 'http://b/infer', healthy: false },
  ],
  input_schema: { type: 'object' },
};

test('models ls prints an aligned table', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /models', json(200, { data: [model, { name: 'ocr' }], next: null }));
  const { code, stdout, stderr } = await runInferq(t, ['models', 'ls'], { broker });
  t.is(code, 0, stderr);
  t.deepEqual(stdout.split('\n'), [
    'MODEL          PROTOCOL  ENDPOINTS    RUNNING  BACKLOG  OLDEST WAIT  P50    P95     TRAFFIC',
    'language-id@1  json      1/2 healthy  2        3        1.5 s        10 ms  250 ms  100 %',
    'ocr            –         –            –        –        –            –      –       –',
    '',
  ]);
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
  t.regex(stdout, /^endpoint +http:\/\/b\/infer \(unhealthy\)$/m);
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
