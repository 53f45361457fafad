import test from 'ava';
import type { ModelServer } from '../../examples/models/server.ts';
import { eventsOf, jsonOf, post, startServer } from './model-server.ts';

let server: ModelServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(() => server.stop());

const ask = (fields: object) => ({ model: 'moby-ngram', prompt: 'Call me', ...fields });
const completion = (fields: object = {}) => post(`${server.url}/v1/completions`, ask(fields));
const textOf = async (fields: object) => (await jsonOf(await completion(fields))).choices[0].text;

async function chunksOf(fields: object) {
  const events = await eventsOf(await completion({ ...fields, stream: true }));
  return { last: events.pop()?.data, chunks: events.map(({ data }) => JSON.parse(data)) };
}

test('a completion has the shape of OpenAI and counts its tokens', async (t) => {
  const response = await completion({ max_tokens: 12 });
  t.is(response.status, 200);
  const { id, created, choices, ...rest } = await jsonOf(response);
  t.regex(id, /^cmpl-/);
  t.true(Math.abs(created - Date.now() / 1000) < 60);
  t.like(choices[0], { index: 0, logprobs: null, finish_reason: 'length' });
  t.regex(choices[0].text, /\w/);
  t.deepEqual(rest, {
    object: 'text_completion',
    model: 'moby-ngram',
    usage: { prompt_tokens: 2, completion_tokens: 12, total_tokens: 14 },
  });
});

test('the same seed gives the same text, another seed another', async (t) => {
  const first = await textOf({ seed: 7, max_tokens: 40 });
  t.is(await textOf({ seed: 7, max_tokens: 40 }), first);
  t.not(await textOf({ seed: 8, max_tokens: 40 }), first);
});

test('without a seed the text differs from call to call', async (t) => {
  t.not(await textOf({ max_tokens: 60 }), await textOf({ max_tokens: 60 }));
});

test('temperature 0 takes the likeliest word whatever the seed', async (t) => {
  const prompt = 'The White';
  const text = await textOf({ prompt, temperature: 0, seed: 1, max_tokens: 20 });
  t.is(await textOf({ prompt, temperature: 0, seed: 2, max_tokens: 20 }), text);
  t.is(await textOf({ prompt, temperature: 1e-320, max_tokens: 20 }), text);
  t.true(text.startsWith(' Whale'));
});

test('a prompt of words that Melville did not use is continued all the same', async (t) => {
  t.regex(await textOf({ prompt: 'Kubernetes läuft', max_tokens: 10 }), /\w/);
  t.regex(await textOf({ prompt: '', max_tokens: 10 }), /\w/);
});

for (const fields of [
  { seed: 3, max_tokens: 50 },
  { seed: 4, max_tokens: 80, stop: [', and', '.'] },
]) {
  test(`a stream put together is the whole answer: ${JSON.stringify(fields)}`, async (t) => {
    const { last, chunks } = await chunksOf(fields);
    const whole = (await jsonOf(await completion(fields))).choices[0];
    t.is(last, '[DONE]');
    t.is(chunks.map(({ choices }) => choices[0].text).join(''), whole.text);
    t.is(chunks.at(-1).choices[0].finish_reason, whole.finish_reason);
    t.true(chunks.slice(0, -1).every(({ choices }) => choices[0].finish_reason === null));
    t.true(chunks.length > 5);
    t.is(new Set(chunks.map(({ id }) => id)).size, 1);
  });
}

test('a stream tells its usage to whoever asks for it', async (t) => {
  const { chunks } = await chunksOf({ max_tokens: 5, stream_options: { include_usage: true } });
  t.deepEqual(chunks.at(-1).choices, []);
  t.deepEqual(chunks.at(-1).usage, { prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 });
});

test('the text ends before the first stop sequence, even one across tokens', async (t) => {
  const free = await textOf({ seed: 11, max_tokens: 60 });
  const stop = free.slice(21, 29);
  const { choices } = await jsonOf(await completion({ seed: 11, max_tokens: 60, stop: ['§§', stop] }));
  t.is(choices[0].text, free.slice(0, free.indexOf(stop)));
  t.is(choices[0].finish_reason, 'stop');
  t.is(await textOf({ seed: 11, max_tokens: 60, stop }), choices[0].text);
});

test('a stream arrives piece by piece and a client may hang up in the middle', async (t) => {
  const slow = await startServer(20);
  t.teardown(() => slow.stop());
  const gone = new AbortController();
  const body = ask({ max_tokens: 500, stream: true });
  const response = await post(`${slow.url}/v1/completions`, body, { signal: gone.signal });
  const first = await response.body?.getReader().read();
  t.regex(new TextDecoder().decode(first?.value), /^data: /);
  gone.abort();
  t.is((await post(`${slow.url}/v1/completions`, ask({ max_tokens: 1 }))).status, 200);
});

test('the models are listed', async (t) => {
  const { object, data } = await jsonOf(await fetch(`${server.url}/v1/models`));
  t.is(object, 'list');
  t.like(data[0], { id: 'moby-ngram', object: 'model' });
  t.deepEqual(await jsonOf(await fetch(`${server.url}/v1/models/moby-ngram`)), data[0]);
});

for (const [fault, [status, fields, param]] of Object.entries({
  'another model': [404, { model: 'gpt-4' }, null],
  'no prompt': [400, { prompt: undefined }, null],
  'a prompt of numbers': [400, { prompt: 7 }, 'prompt'],
  'max_tokens 0': [400, { max_tokens: 0 }, 'max_tokens'],
  'max_tokens 513': [400, { max_tokens: 513 }, 'max_tokens'],
  'temperature 3': [400, { temperature: 3 }, 'temperature'],
  'an empty stop': [400, { stop: '' }, 'stop'],
  'two choices': [400, { n: 2 }, 'n'],
} as const)) {
  test(`${fault} is refused as OpenAI would`, async (t) => {
    const response = await completion(fields);
    t.is(response.status, status);
    const { error } = await jsonOf(response);
    t.like(error, { type: 'invalid_request_error', param });
    t.is(typeof error.message, 'string');
    t.is(error.code, status === 404 ? 'model_not_found' : null);
  });
}
