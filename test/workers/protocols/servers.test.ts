import test, { type ExecutionContext } from 'ava';
import type { ErrorCode } from '../../../shared/errors.ts';
import { startModelServer } from '../../../examples/models/server.ts';
import { compileSchema } from '../../../shared/json-schema.ts';
import { PROTOCOLS, type ProtocolName } from '../../../shared/model.ts';
import type { EndpointCall } from '../../../workers/call-endpoint.ts';
import type { StreamPart } from '../../../workers/protocols/protocol.ts';
import { protocolOf } from '../../../workers/protocols/registry.ts';
import { startReceiver, type Answer } from '../../webhooks/receiver.ts';
import { callOf, faultOf, startCaller, JSON_TYPE, STREAM_TYPE } from '../endpoint-calls.ts';
import { modelNamed } from './any-model.ts';
import { EXAMPLES } from './examples/all.ts';

const KEY = 'job_z2q41701m84jkvmgkp2hxc0d06zcrgty';
const model = modelNamed('demo');

for (const name of PROTOCOLS) {
  const protocol = protocolOf(name);
  const { input, path, answer, output, refusal, stream } = EXAMPLES[name];

  test(`${name}: a server that speaks it answers`, async (t) => {
    const body = await startCaller(t).call(await callTo(t, name, path, input, plain(answer)));
    t.deepEqual(protocol.toOutput(body, input), output);
  });

  test(`${name}: a server that speaks it refuses, and is quoted`, async (t) => {
    const call = await callTo(t, name, path, input, plain(refusal.body, refusal.status));
    const error = await faultOf(t, startCaller(t).call(call));
    t.is(error.code, 'model_error');
    t.true(error.message.includes(refusal.message), error.message);
    t.false(error.busy);
  });

  if (!stream) continue;

  test(`${name}: a server that speaks it streams`, async (t) => {
    const events = stream.events.map(
      ([event, data]) => `${event === 'message' ? '' : `event: ${event}\n`}data: ${data}\n\n`,
    );
    const call = await callTo(t, name, stream.path ?? path, input, (response, { headers }) => {
      if (!headers['accept']?.startsWith('text/event-stream') && name !== 'json')
        return response.writeHead(406).end();
      return response.writeHead(200, STREAM_TYPE).end(events.join(''));
    });
    call.endpoint.headers = stream.headers ?? {};
    const parts: StreamPart[] = [];
    const body = await startCaller(t).call({ ...call, onPart: (part) => void parts.push(part) });
    t.deepEqual(protocol.toOutput(body, input), stream.output ?? output);
    t.deepEqual(
      parts.flatMap((part) => (part.kind === 'chunk' ? [part.chunk] : [])),
      stream.chunks,
    );
  });
}

for (const name of PROTOCOLS) {
  const { batch } = protocolOf(name);
  const example = EXAMPLES[name].batch;
  if (!batch || !example) continue;

  test(`${name}: a server that speaks it takes a batch`, async (t) => {
    const call = await callTo(t, name, EXAMPLES[name].path, example.inputs[0], plain(example.answer));
    const body = await startCaller(t).call({ ...call, request: batch.toRequest(example.inputs, model) });
    t.deepEqual(batch.toOutputs(body, example.inputs), example.outputs);
  });
}

test('open-inference-v2: the demo server says of each text in a batch what it says of it alone', async (t) => {
  const server = await startModelServer({ host: '127.0.0.1', port: 0 });
  t.teardown(() => server.stop());
  const protocol = protocolOf('open-inference-v2');
  const { batch } = protocol;
  const inputs = [['Guten Morgen'], ['Good morning to all', 'Bonjour à tous'], ['Buongiorno a tutti']].map(
    (data) => ({
      inputs: [{ name: 'text', shape: [data.length], datatype: 'BYTES', data }],
    }),
  );
  const caller = startCaller(t);
  const call = { ...callOf(`${server.url}/v2/models/language-id/infer`), protocol };
  const alone = await Promise.all(
    inputs.map((input) => caller.call({ ...call, request: protocol.toRequest(input, model) })),
  );
  t.is(new Set(inputs.map((input) => batch?.groupOf(input))).size, 1);
  const request = batch?.toRequest(inputs, model) ?? call.request;
  t.deepEqual(batch?.toOutputs(await caller.call({ ...call, request }), inputs), alone);
});

test('cog: the id goes behind the path and before the query', async (t) => {
  const server = await startReceiver(t, plain(EXAMPLES.cog.answer));
  const request = protocolOf('cog').toRequest({}, model);
  const call = callOf(`http://127.0.0.1:${server.port}/predictions/?a=b`, {
    protocol: protocolOf('cog'),
    request,
  });
  await startCaller(t).call({ ...call, headers: { 'Idempotency-Key': KEY } });
  t.like(server.received[0], { method: 'PUT', path: `/predictions/${KEY}?a=b` });
  await t.throwsAsync(startCaller(t).call(call), { instanceOf: TypeError });
});

const cogFaults: [
  what: string,
  status: number,
  body: unknown,
  code: ErrorCode,
  busy: boolean,
  message: RegExp,
][] = [
  [
    'has no free slot',
    409,
    { error: 'At capacity - all prediction slots busy', status: 'failed' },
    'model_unavailable',
    true,
    /slots busy.*concurrency/,
  ],
  [
    'of an older version is busy',
    409,
    { detail: 'Already running a prediction' },
    'model_unavailable',
    true,
    /Already/,
  ],
  [
    'still runs an earlier call',
    202,
    { id: KEY, status: 'processing' },
    'model_unavailable',
    true,
    /still runs/,
  ],
  [
    'has a prediction that failed',
    200,
    { status: 'failed', error: 'out of onions' },
    'model_error',
    false,
    /out of onions/,
  ],
  ['has a prediction that was canceled', 200, { status: 'canceled' }, 'model_error', false, /canceled/],
  [
    'is not ready',
    503,
    { error: 'Setup has not finished', status: 'failed' },
    'model_unavailable',
    false,
    /Setup/,
  ],
];
for (const [what, status, answer, code, busy, message] of cogFaults) {
  test(`cog: a server that ${what} is ${code}${busy ? ', and busy' : ''}`, async (t) => {
    const call = await callTo(t, 'cog', '/predictions', { prompt: 'x' }, plain(answer, status));
    const error = await faultOf(t, startCaller(t).call(call));
    t.is(error.code, code);
    t.is(error.busy, busy);
    t.regex(error.message, message);
  });
}

test('cog: a failed prediction gives away no secret of the endpoint', async (t) => {
  const call = await callTo(t, 'cog', '/predictions', { prompt: 'x' }, (response, { headers }) => {
    const body = JSON.stringify({ status: 'failed', error: `bad key ${headers['authorization']}` });
    response.writeHead(200, JSON_TYPE).end(body);
  });
  call.endpoint.headers = { authorization: 'Bearer canary-token' };
  const error = await faultOf(t, startCaller(t).call(call));
  t.is(error.code, 'model_error');
  t.false(error.message.includes('canary'));
});

test('cog: a stream whose prediction failed is model_error', async (t) => {
  const call = await callTo(t, 'cog', '/predictions', { prompt: 'x' }, (response) =>
    response
      .writeHead(200, STREAM_TYPE)
      .end('event: completed\ndata: {"status":"failed","error":"oops"}\n\n'),
  );
  const error = await faultOf(t, startCaller(t).call(call));
  t.is(error.code, 'model_error');
  t.regex(error.message, /oops/);
});

/** A call to a server that takes what the real one takes there, refuses anything else with 400, and then answers so. */
async function callTo(
  t: ExecutionContext,
  name: ProtocolName,
  path: string,
  input: unknown,
  answer: Answer,
): Promise<EndpointCall> {
  const protocol = protocolOf(name);
  const request = protocol.toRequest(input, model);
  const wantedPath = name === 'cog' ? `${path}/${KEY}` : path;
  const check = compileSchema(EXAMPLES[name].takes);
  const server = await startReceiver(t, (response, received) => {
    const faults = [
      ...(received.method === (name === 'cog' ? 'PUT' : 'POST') ? [] : [`method ${received.method}`]),
      ...(received.path === wantedPath ? [] : [`path ${received.path}`]),
      ...(received.headers['content-type'] === 'application/json' ? [] : ['content-type']),
      ...check(JSON.parse(received.body)).map(({ pointer, detail }) => `${pointer} ${detail}`),
    ];
    if (faults.length === 0) return answer(response, received);
    return response
      .writeHead(400, JSON_TYPE)
      .end(JSON.stringify({ error: `not taken: ${faults.join(', ')}` }));
  });
  const url = `http://127.0.0.1:${server.port}${path}`;
  return callOf(url, { protocol, request, headers: { 'idempotency-key': KEY } });
}

function plain(body: unknown, status = 200): Answer {
  return (response) => response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));
}
