import test from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { openaiChat } from '../../../workers/protocols/openai-chat.ts';
import type { StreamPart } from '../../../workers/protocols/protocol.ts';
import { modelNamed } from './any-model.ts';

const model = modelNamed('demo');

function readAll(deltas: unknown[], finish: string): { parts: StreamPart[]; output: unknown } {
  const reader = openaiChat.stream?.();
  if (!reader) throw new Error('chat can stream');
  const events = [...deltas, {}].map((delta, index) => {
    const choice = { index: 0, delta, finish_reason: index === deltas.length ? finish : null };
    return JSON.stringify({ choices: [choice] });
  });
  const parts = [...events, '[DONE]'].flatMap((data) => reader.read({ event: 'message', data }));
  return { parts, output: openaiChat.toOutput(reader.body(), 'x') };
}

test('a bare string is what a user says, to the model of that name, streamed', (t) => {
  t.deepEqual(openaiChat.toRequest('Hello', model).body, {
    model: 'demo',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hello' }],
  });
});

test('an input may name another model, and want no stream', (t) => {
  const input = { messages: [{ role: 'user', content: 'x' }], model: 'other', stream: false };
  t.deepEqual(openaiChat.toRequest(input, model).body, input);
});

for (const [input, pointer] of [
  [{}, '/messages'],
  [{ messages: [] }, '/messages'],
  [{ messages: [{ role: 'user', content: 'x' }], n: 2 }, '/n'],
  [['x'], ''],
] as const) {
  test(`the input ${JSON.stringify(input)} is refused at "${pointer}"`, (t) => {
    const error = t.throws(() => openaiChat.toRequest(input, model), { instanceOf: InferqError });
    t.is(error?.code, 'invalid_input');
    t.is(error?.errors?.[0]?.pointer, pointer);
  });
}

test('text and reasoning come in pieces, text as strings, and are whole at the end', (t) => {
  const { parts, output } = readAll(
    [
      { role: 'assistant', content: '' },
      { reasoning_content: 'Say ' },
      { reasoning_content: 'hi.' },
      { content: 'Hi' },
      { role: 'assistant', content: ' there' },
    ],
    'stop',
  );
  t.deepEqual(parts, [
    { kind: 'chunk', chunk: { reasoning_content: 'Say ' } },
    { kind: 'chunk', chunk: { reasoning_content: 'hi.' } },
    { kind: 'chunk', chunk: 'Hi' },
    { kind: 'chunk', chunk: ' there' },
    { kind: 'done' },
  ]);
  t.deepEqual(output, {
    message: { role: 'assistant', content: 'Hi there', reasoning_content: 'Say hi.' },
    finish_reason: 'stop',
    usage: null,
  });
});

const piece = (index: number, given: string, more: object = {}) => ({
  tool_calls: [{ index, ...more, function: { ...('id' in more ? { name: 'f' } : {}), arguments: given } }],
});

const callsOf = (output: unknown): unknown =>
  Reflect.get(Object(Reflect.get(Object(output), 'message')), 'tool_calls');

const call = (id: string, given: string) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: given },
});

test('tool calls whose pieces come mixed are put together by their index', (t) => {
  const { output } = readAll(
    [
      piece(1, '{"b"', { id: 'two', type: 'function' }),
      piece(0, '{"a"', { id: 'one', type: 'function' }),
      piece(1, ':2}', { id: 'two' }),
      piece(0, ':1}'),
    ],
    'tool_calls',
  );
  t.deepEqual(callsOf(output), [call('one', '{"a":1}'), call('two', '{"b":2}')]);
});

const named = (id: string | null, given: string, name: string | null = 'f') => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});

const zero = (...given: Parameters<typeof named>) => ({ index: 0, ...named(...given) });

for (const [what, ...deltas] of [
  ['the index 0 at each, as from Ollama,', [zero('one', '{"a":1}')], [zero('two', '{"b":2}')]],
  ['the index 0 at each, in one delta,', [zero('one', '{"a":1}'), zero('two', '{"b":2}')]],
  [
    'the index 0 at each, in pieces, as from LMDeploy,',
    [zero('one', '{"a"')],
    [zero('one', ':1}', null)],
    [zero('two', '{"b"')],
    [zero('two', ':2}', null)],
  ],
  ['no index, as from Gemini,', [named('one', '{"a":1}')], [named('two', '{"b":2}')]],
  [
    'no index, the last of them continued without an id,',
    [named('one', '{"a":1}'), named('two', '{"b"')],
    [named('', ':2}', '')],
  ],
  [
    'no index, continued by id,',
    [named('one', '{"a"'), named('two', '{"b"')],
    [named('one', ':1}', null), named('two', ':2}')],
  ],
] as const) {
  test(`tool calls with ${what} are told apart`, (t) => {
    const { output } = readAll(
      deltas.map((calls) => ({ tool_calls: calls })),
      'tool_calls',
    );
    t.deepEqual(callsOf(output), [call('one', '{"a":1}'), call('two', '{"b":2}')]);
  });
}

test('tool calls with neither index nor id are as many as there are names', (t) => {
  const deltas = ['{"a":1}', '{"b":2}'].map((given) => ({ tool_calls: [named('', given)] }));
  t.deepEqual(callsOf(readAll(deltas, 'stop').output), [call('', '{"a":1}'), call('', '{"b":2}')]);
});

for (const [what, id] of [
  ['null', null],
  ['empty', ''],
  ['another one each time', 'other'],
] as const) {
  test(`a piece whose id is ${what} and that has no name continues the call`, (t) => {
    const { output } = readAll(
      [{ tool_calls: [zero('one', '{"a"')] }, { tool_calls: [zero(id, ':1}', null)] }],
      'tool_calls',
    );
    t.deepEqual(callsOf(output), [call('one', '{"a":1}')]);
  });
}

test('tool calls that are no list but one call, as with TGI, are put together as well', (t) => {
  const { output } = readAll(
    [{ tool_calls: zero('', '{"a"') }, { tool_calls: zero('', ':1}', null) }],
    'stop',
  );
  t.deepEqual(callsOf(output), [call('', '{"a":1}')]);
});

const read = (...events: unknown[]): unknown => {
  const reader = openaiChat.stream?.();
  for (const event of events) {
    const data = typeof event === 'string' ? event : JSON.stringify(event);
    reader?.read({ event: 'message', data });
  }
  return openaiChat.toOutput(reader?.body(), 'x');
};

const half = { choices: [{ index: 0, delta: { content: 'half an ans' }, finish_reason: null }] };

for (const [what, said] of [
  ['under "error"', { error: { message: 'engine died' } }],
  ['that is an object of that kind', { object: 'error', message: 'engine died', code: 500 }],
] as const) {
  test(`an error in the stream, ${what}, is model_error`, (t) => {
    const error = t.throws(() => read(half, said, '[DONE]'), { instanceOf: InferqError });
    t.is(error?.code, 'model_error');
    t.is(error?.message, 'engine died');
  });
}

for (const [what, events] of [
  ['nothing', []],
  ['a role', [{ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] }]],
] as const) {
  test(`a stream that ends with ${what} in it, and no reason, is invalid_output`, (t) => {
    const error = t.throws(() => read(...events, '[DONE]'), { instanceOf: InferqError });
    t.is(error?.code, 'invalid_output');
  });
}

test('a stream whose server gives no reason is as good, and so is a text that is empty for one', (t) => {
  t.like(read(half, '[DONE]'), { message: { content: 'half an ans' }, finish_reason: null });
  const nothing = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
  t.like(read(nothing, '[DONE]'), { message: { content: null }, finish_reason: 'stop' });
});
