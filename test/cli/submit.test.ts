import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hangUp, json, problem, startFakeBroker, type FakeBroker } from './fake-broker.ts';
import { emptyFolder, runInferq } from './inferq-process.ts';
import { failedJob, sampleJob, succeededJob } from './sample.ts';

async function takingBroker(t: ExecutionContext): Promise<FakeBroker> {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(202, sampleJob()));
  return broker;
}

function bodyOf(broker: FakeBroker): unknown {
  return JSON.parse(broker.seen[0]?.body ?? 'null');
}

test('submit prints the id alone on stdout, and on stderr how to follow the job', async (t) => {
  const broker = await takingBroker(t);
  const { code, stdout, stderr } = await runInferq(t, ['submit', 'language-id', '-i', 'text=Hallo'], {
    broker,
  });
  t.is(code, 0, stderr);
  t.is(stdout, 'job_1\n');
  t.regex(stderr, /npx inferq jobs watch job_1/);
  t.deepEqual(bodyOf(broker), { model: 'language-id', input: { text: 'Hallo' } });
});

test('submit sends the token and the type of the body', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'language-id', '-i', 'text=Hallo'], { broker });
  t.is(broker.seen[0]?.headers.authorization, 'Bearer ifq_test');
  t.is(broker.seen[0]?.headers['content-type'], 'application/json');
});

test('submit sends numbers, booleans, objects and arrays as such and everything else as text', async (t) => {
  const broker = await takingBroker(t);
  const fields = [
    'n=1.5',
    'b=true',
    'o={"a":1}',
    'a=[1]',
    't=01',
    'q="x"',
    'null=null',
    'empty=',
    'e=a=b',
    'u=ä',
  ];
  await runInferq(t, ['submit', 'm', ...fields.flatMap((field) => ['-i', field])], { broker });
  const input = {
    n: 1.5,
    b: true,
    o: { a: 1 },
    a: [1],
    t: '01',
    q: '"x"',
    null: 'null',
    empty: '',
    e: 'a=b',
    u: 'ä',
  };
  t.deepEqual(bodyOf(broker), { model: 'm', input });
});

test('submit takes what follows := as JSON whatever it looks like', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'm', '-i', 'zip:="01234"', '-i', 'nothing:=null'], { broker });
  t.deepEqual(bodyOf(broker), { model: 'm', input: { zip: '01234', nothing: null } });
});

test('submit refuses what follows := when it is not JSON', async (t) => {
  const broker = await takingBroker(t);
  const { code, stderr } = await runInferq(t, ['submit', 'm', '-i', 'a:=Hallo'], { broker });
  t.is(code, 2);
  t.regex(stderr, /a:= is not followed by JSON/);
  t.is(broker.seen.length, 0);
});

test('submit sends a file of valid UTF-8 as text, any other in base64', async (t) => {
  const broker = await takingBroker(t);
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'letter.txt'), 'Grüße\n');
  await writeFile(join(cwd, 'image.png'), Buffer.from([0x89, 0x50, 0xff]));
  await runInferq(t, ['submit', 'm', '-i', 'text=@letter.txt', '-i', 'image=@image.png'], { broker, cwd });
  t.deepEqual(bodyOf(broker), { model: 'm', input: { text: 'Grüße\n', image: 'iVD/' } });
});

test('submit takes a field from a JSON file after :=@', async (t) => {
  const broker = await takingBroker(t);
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'rows.json'), '[[1, 2]]');
  await runInferq(t, ['submit', 'm', '-i', 'rows:=@rows.json'], { broker, cwd });
  t.deepEqual(bodyOf(broker), { model: 'm', input: { rows: [[1, 2]] } });
});

test('submit takes the whole input from a file and changes no byte of it', async (t) => {
  const broker = await takingBroker(t);
  const cwd = await emptyFolder(t);
  const input = '{"id": 12345678901234567890, "a": 1, "a": 2.0}';
  await writeFile(join(cwd, 'input.json'), input);
  await runInferq(t, ['submit', 'm', '-i', '@input.json'], { broker, cwd });
  t.is(broker.seen[0]?.body, `{"model":"m","input":${input}}`);
});

test('submit takes the whole input from the standard input', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'm', '-i', '-'], { broker, input: '["a"]\n' });
  t.deepEqual(bodyOf(broker), { model: 'm', input: ['a'] });
});

test('submit takes a value of JSON that is neither object nor array for the whole input', async (t) => {
  for (const [argument, input] of [
    ['"hello"', 'hello'],
    ['"a=b"', 'a=b'],
    ['42', 42],
  ] as const) {
    const broker = await takingBroker(t);
    const { code, stderr } = await runInferq(t, ['submit', 'm', '-i', argument], { broker });
    t.is(code, 0, stderr);
    t.deepEqual(bodyOf(broker), { model: 'm', input });
  }
});

test('submit takes the whole input as JSON in the argument', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'm', '-i', '{"text": "a=b"}'], { broker });
  t.deepEqual(bodyOf(broker), { model: 'm', input: { text: 'a=b' } });
});

test('submit keeps the digits of a number that a double cannot hold', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'm', '-i', 'id=12345678901234567890'], { broker });
  t.is(broker.seen[0]?.body, '{"model":"m","input":{"id":12345678901234567890}}');
});

const malformed: [what: string, args: string[], says: RegExp][] = [
  ['no input', [], /There is no input/],
  ['an input that is no pair', ['-i', 'Hallo'], /neither key=value nor/],
  ['a pair without a key', ['-i', '=x'], /neither key=value nor/],
  ['a key given twice', ['-i', 'a=1', '-i', 'a=2'], /gives "a" twice/],
  ['a whole input beside a field', ['-i', '{}', '-i', 'a=1'], /goes with no other -i/],
  ['a file that is not there', ['-i', 'a=@none.txt'], /none\.txt cannot be read/],
  ['an unknown option', ['-i', 'a=1', '--priorty', 'high'], /unknown option '--priorty'/],
  ['a priority that does not exist', ['-i', 'a=1', '--priority', 'urgent'], /high, normal, low/],
  ['a ttl that is no number', ['-i', 'a=1', '--ttl', 'soon'], /number of seconds/],
  ['a word after --wait', ['-i', 'a=1', '--wait', 'please'], /--wait=30/],
  ['a label without a value', ['-i', 'a=1', '-m', 'order'], /key=value/],
  ['--stream beside --json', ['-i', 'a=1', '--stream', '--json'], /do not go together/],
];

for (const [what, args, says] of malformed) {
  test(`submit refuses ${what} with exit 2 and sends nothing`, async (t) => {
    const broker = await takingBroker(t);
    const { code, stdout, stderr } = await runInferq(t, ['submit', 'm', ...args], { broker });
    t.is(code, 2);
    t.regex(stderr, says);
    t.is(stdout, '');
    t.is(broker.seen.length, 0);
  });
}

test('submit sends every option under the name that the contract gives it', async (t) => {
  const broker = await takingBroker(t);
  const options = [
    '--priority',
    'high',
    '--ttl',
    '60',
    '--delay',
    '1.5',
    '--timeout',
    '30',
    '--cache',
    'bypass',
  ];
  const labels = ['--metadata', 'order=42', '-m', 'shop=a=b', '--webhook', 'https://example.org/hook'];
  await runInferq(t, ['submit', 'm@2', '-i', '{}', ...options, ...labels], { broker });
  t.deepEqual(bodyOf(broker), {
    model: 'm@2',
    input: {},
    priority: 'high',
    ttl: 60,
    delay: 1.5,
    timeout: 30,
    cache: 'bypass',
    metadata: { order: '42', shop: 'a=b' },
    webhook: 'https://example.org/hook',
  });
});

test('submit sends the idempotency key that it is given', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'm', '-i', '{}', '--idempotency-key', 'order-42'], { broker });
  t.is(broker.seen[0]?.headers['idempotency-key'], 'order-42');
});

test('submit repeats a request that got no answer under the same idempotency key', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', hangUp, hangUp, json(202, sampleJob()));
  const { code, stdout, stderr } = await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  t.is(code, 0, stderr);
  t.is(stdout, 'job_1\n');
  const keys = broker.seen.map(({ headers }) => headers['idempotency-key']);
  t.is(keys.length, 3);
  t.is(new Set(keys).size, 1);
  t.regex(String(keys[0]), /^.{16,255}$/);
});

test('submit makes another idempotency key for every run', async (t) => {
  const broker = await takingBroker(t);
  await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  t.is(new Set(broker.seen.map(({ headers }) => headers['idempotency-key'])).size, 2);
});

test('submit waits as long as Retry-After says, and says so', async (t) => {
  const broker = await startFakeBroker(t);
  const full = problem(503, 'broker_full', 'No room', { headers: { 'Retry-After': '2' } });
  broker.on('POST /jobs', full, json(202, sampleJob()));
  const started = performance.now();
  const { code, stderr } = await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  t.is(code, 0, stderr);
  t.true(performance.now() - started >= 2000);
  t.regex(stderr, /Title of broker_full; trying again in 2\.0 s/);
});

test('submit gives up at once when Retry-After is longer than a minute, and says when to come back', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on(
    'POST /jobs',
    problem(429, 'tenant_backlog_full', 'Full', { headers: { 'Retry-After': '3600' } }),
  );
  const { code, stderr } = await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  t.is(code, 1);
  t.is(broker.seen.length, 1);
  t.regex(stderr, /Try again in 3600 s/);
});

test('submit gives up after a bounded number of tries', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', problem(503, 'broker_full', 'No room'));
  const { code } = await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  t.is(code, 1);
  t.is(broker.seen.length, 4);
});

test('submit does not repeat what the broker refuses, and shows each fault of the input', async (t) => {
  const broker = await startFakeBroker(t);
  const errors = [{ pointer: '/text', detail: 'must be string' }];
  broker.on('POST /jobs', problem(422, 'invalid_input', 'It does not fit', { errors }));
  const { code, stdout, stderr } = await runInferq(t, ['submit', 'm', '-i', 'text=1'], { broker });
  t.is(code, 1);
  t.is(stdout, '');
  t.is(broker.seen.length, 1);
  t.regex(
    stderr,
    /Title of invalid_input \(invalid_input\)\n {2}It does not fit\n {2}\/text {2}must be string/,
  );
  t.regex(stderr, /request req-7/);
  t.regex(stderr, /npx inferq models get m /);
});

test('submit --json prints the job of the API, and a refusal as a problem object', async (t) => {
  const broker = await startFakeBroker(t);
  const job = succeededJob({ language: 'de' }, { cache: 'hit' });
  broker.on('POST /jobs', json(200, job), problem(403, 'forbidden', 'No scope'));
  const fine = await runInferq(t, ['submit', 'm', '-i', '{}', '--json'], { broker });
  t.deepEqual(JSON.parse(fine.stdout), job);
  t.is(fine.stderr, '');
  const refused = await runInferq(t, ['--json', 'submit', 'm', '-i', '{}'], { broker });
  t.is(refused.code, 1);
  t.is(refused.stdout, '');
  t.like(JSON.parse(refused.stderr), { status: 403, error_type: 'forbidden', detail: 'No scope' });
});

test('submit says how to see a job that had ended already', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('POST /jobs', json(200, failedJob()));
  const { code, stderr } = await runInferq(t, ['submit', 'm', '-i', '{}'], { broker });
  t.is(code, 0);
  t.regex(stderr, /^failed.*npx inferq jobs get job_1/);
});
