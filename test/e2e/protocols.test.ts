import test from 'ava';
import { startTestBroker } from '../support/broker.ts';
import { readEvents } from '../support/event-stream.ts';
import { answer, startScriptedModel, type Behaviour } from '../support/scripted-model.ts';
import { metricsOf } from '../support/worker-metrics.ts';

test('a busy Cog server costs a job no attempt, and gets it when there is room', async (t) => {
  const model = await startScriptedModel((call, response, count) => {
    if (count <= 3) return answer(response, { error: 'At capacity', status: 'failed' }, 409);
    return answer(response, {
      status: 'succeeded',
      output: { prompt: Reflect.get(Object(call.body), 'input') },
    });
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [once('slots', 'cog', `${model.url}/predictions`)] });
  const job = await broker.run({ model: 'slots', input: { n: 1 } });
  t.like(job, { status: 'succeeded', output: { prompt: { n: 1 } } });
  t.is(model.calls.length, 4);
  t.deepEqual(new Set(model.calls.map(({ path }) => path)), new Set([`/predictions/${job.id}`]));
  const { attempts } = JSON.parse((await broker.request(`/jobs/${job.id}?include=attempts`)).text);
  t.deepEqual(
    attempts.map(({ outcome }: { outcome: string }) => outcome),
    ['succeeded'],
  );
  t.regex(await metricsOf(broker), /inferq_endpoint_busy_total\{model="slots"\} [123]\n/);
});

test('tokens of a chat server become chunks, the whole message the output, and the first one is timed', async (t) => {
  const model = await startScriptedModel((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const content of ['Call', ' me', ' Ishmael'])
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
    response.write('data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n');
    response.end('data: [DONE]\n\n');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [once('chat', 'openai-chat', model.url)] });
  const { id } = await broker.submit({ model: 'chat', input: 'Who are you?' });
  const events = await readEvents(`${broker.url}/jobs/${id}/events`);
  t.deepEqual(
    events.filter(({ event }) => event === 'output').map(({ data }) => data),
    ['Call', ' me', ' Ishmael'].map((chunk) => ({ chunk })),
  );
  t.deepEqual((await broker.job(id)).output, {
    message: { role: 'assistant', content: 'Call me Ishmael' },
    finish_reason: 'stop',
    usage: null,
  });
  t.like(model.calls[0]?.body, { model: 'chat', stream: true });
  t.regex(await metricsOf(broker), /inferq_time_to_first_token_seconds_count\{model="chat"\} 1\n/);
});

const BIG = '9007199254740993';
const tensor = `{"outputs": [{"name": "id", "shape": [2], "datatype": "INT64", "data": [${BIG}, 7]}]}`;
const bigAnswer: Behaviour = (_call, response) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(tensor);
const input = { inputs: [{ name: 'x', shape: [1], datatype: 'BYTES', data: ['a'] }] };
for (const [what, more, output] of [
  ['as it is', {}, JSON.stringify(JSON.parse(tensor)).replace('9007199254740992', BIG)],
  ['through a postprocess', { postprocess: '{"id": outputs[name = "id"].data[0]}' }, `{"id":${BIG}}`],
  [
    'through an output_schema',
    { output_schema: { type: 'object', required: ['outputs'] } },
    JSON.stringify(JSON.parse(tensor)).replace('9007199254740992', BIG),
  ],
] as const) {
  test(`a 64-bit integer of an answer comes to the client exactly, ${what}`, async (t) => {
    const model = await startScriptedModel(bigAnswer);
    t.teardown(model.stop);
    const broker = await startTestBroker(t, {
      models: [{ ...once('m', 'open-inference-v2', model.url), ...more }],
    });
    const { id } = await broker.run({ model: 'm', input });
    t.is((await broker.request(`/jobs/${id}/output`)).text, output);
  });
}

/** A model that has one attempt. */
function once(name: string, protocol: string, url: string): Record<string, unknown> {
  return { name, protocol, endpoints: [{ url }], retry: { attempts: 1, backoff: 0 } };
}
