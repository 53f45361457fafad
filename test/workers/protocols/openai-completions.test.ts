import test from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { openaiCompletions } from '../../../workers/protocols/openai-completions.ts';
import type { StreamPart } from '../../../workers/protocols/protocol.ts';
import { modelNamed } from './any-model.ts';

const model = modelNamed('gpt-3.5-turbo-instruct');

/** From OpenAI's API reference, "Create completion". */
const ANSWER = {
  id: 'cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7',
  object: 'text_completion',
  created: 1589478378,
  model: 'gpt-3.5-turbo-instruct',
  system_fingerprint: 'fp_44709d6fcb',
  choices: [{ text: '\n\nThis is indeed a test', index: 0, logprobs: null, finish_reason: 'length' }],
  usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
};

/** What vLLM sends for `stream_options: {include_usage: true}`. */
function chunk(text: string, finishReason: string | null = null, usage: unknown = null): string {
  const choices = [{ index: 0, text, logprobs: null, finish_reason: finishReason, stop_reason: null }];
  return JSON.stringify({ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm', choices, usage });
}

function readAll(data: string[], event = 'message'): { parts: StreamPart[]; body: unknown } {
  const reader = openaiCompletions.stream?.();
  if (!reader) throw new Error('completions can stream');
  const parts = data.flatMap((each) => reader.read({ event, data: each }));
  return { parts, body: reader.body() };
}

test('a bare string is the prompt, for the model of that name, streamed', (t) => {
  t.deepEqual(openaiCompletions.toRequest('Say this is a test', model).body, {
    model: 'gpt-3.5-turbo-instruct',
    prompt: 'Say this is a test',
    stream: true,
    stream_options: { include_usage: true },
  });
});

test('parameters are passed on, and the input may name another model', (t) => {
  const input = {
    prompt: 'x',
    model: 'other',
    max_tokens: 7,
    temperature: 0,
    seed: 1,
    stop: ['\n'],
    top_p: 0.5,
  };
  const { body } = openaiCompletions.toRequest(input, model);
  t.like(body, input);
});

test('an input that wants no stream gets none', (t) => {
  const { body } = openaiCompletions.toRequest({ prompt: 'x', stream: false }, model);
  t.deepEqual(body, { model: 'gpt-3.5-turbo-instruct', prompt: 'x', stream: false });
});

for (const [input, pointer] of [
  [{}, '/prompt'],
  [{ prompt: ['a', 'b'] }, '/prompt'],
  [{ prompt: 'x', n: 2 }, '/n'],
  [7, ''],
  [null, ''],
] as const) {
  test(`the input ${JSON.stringify(input)} is refused at "${pointer}"`, (t) => {
    const error = t.throws(() => openaiCompletions.toRequest(input, model), { instanceOf: InferqError });
    t.is(error?.code, 'invalid_input');
    t.deepEqual(
      error?.errors?.map((fault) => fault.pointer),
      [pointer],
    );
  });
}

test("a plain answer's first choice is the output", (t) => {
  t.deepEqual(openaiCompletions.toOutput(ANSWER, 'x'), {
    text: '\n\nThis is indeed a test',
    finish_reason: 'length',
    usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
  });
});

test('a stream gives the added text as chunks, and the same output as the plain answer', (t) => {
  const usage = JSON.stringify({ id: 'cmpl-1', choices: [], usage: ANSWER.usage });
  const { parts, body } = readAll([
    chunk('\n\nThis is'),
    chunk(' indeed'),
    chunk(' a test', 'length'),
    usage,
    '[DONE]',
  ]);
  t.deepEqual(parts, [
    { kind: 'chunk', chunk: '\n\nThis is' },
    { kind: 'chunk', chunk: ' indeed' },
    { kind: 'chunk', chunk: ' a test' },
    { kind: 'done' },
  ]);
  t.deepEqual(openaiCompletions.toOutput(body, 'x'), openaiCompletions.toOutput(ANSWER, 'x'));
});

test('a stream without usage has the usage null', (t) => {
  const { body } = readAll([chunk('hi'), chunk('', 'stop'), '[DONE]']);
  t.deepEqual(openaiCompletions.toOutput(body, 'x'), { text: 'hi', finish_reason: 'stop', usage: null });
});

test('an error chunk is a model_error with its message', (t) => {
  const data = JSON.stringify({ error: { message: 'context too long', type: 'invalid_request_error' } });
  for (const event of ['message', 'error']) {
    const error = t.throws(() => readAll([data], event), { instanceOf: InferqError });
    t.is(error?.code, 'model_error');
    t.is(error?.message, 'context too long');
  }
});

test('a stream that ends before it has begun is invalid_output', (t) => {
  t.is(t.throws(() => readAll(['[DONE]']), { instanceOf: InferqError })?.code, 'invalid_output');
});

test('a chunk that is not JSON is invalid_output', (t) => {
  t.is(t.throws(() => readAll(['oops']), { instanceOf: InferqError })?.code, 'invalid_output');
});

test('an answer without a text, as of a chat endpoint, is invalid_output', (t) => {
  const chat = { choices: [{ index: 0, message: { role: 'assistant', content: 'hi' } }] };
  t.is(
    t.throws(() => openaiCompletions.toOutput(chat, 'x'), { instanceOf: InferqError })?.code,
    'invalid_output',
  );
  t.is(
    t.throws(() => openaiCompletions.toOutput({ choices: [] }, 'x'), { instanceOf: InferqError })?.code,
    'invalid_output',
  );
});

test("a refusal's message is in error.message", (t) => {
  const body = {
    error: { message: "This model's maximum context length is 4097 tokens.", type: 'invalid_request_error' },
  };
  t.is(openaiCompletions.errorMessage(body), "This model's maximum context length is 4097 tokens.");
});
