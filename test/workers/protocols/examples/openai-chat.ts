import { objectWith, text, unnamed, type Example } from './example.ts';

// https://platform.openai.com/docs/api-reference/chat/object and /chat/streaming,
// https://platform.openai.com/docs/guides/function-calling ("Streaming")
const usage = { prompt_tokens: 31, completion_tokens: 17, total_tokens: 48 };
const call = (id: string, place: string) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: `{"place":"${place}"}` },
});
const message = {
  role: 'assistant',
  content: null,
  refusal: null,
  tool_calls: [call('call_1', 'Oslo'), call('call_2', 'Bergen')],
};
const delta = (part: unknown, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'demo',
  choices: [{ index: 0, delta: part, logprobs: null, finish_reason: finish }],
  usage: null,
});
const started = (index: number, id: string) => ({
  tool_calls: [{ index, id, type: 'function', function: { name: 'weather', arguments: '' } }],
});
const continued = (index: number, added: string) => ({
  tool_calls: [{ index, function: { arguments: added } }],
});
const steps = [
  started(0, 'call_1'),
  continued(0, '{"place":'),
  continued(0, '"Oslo"}'),
  started(1, 'call_2'),
  continued(1, '{"place":"Bergen"}'),
];

export const example: Example = {
  input: { messages: [{ role: 'user', content: 'Weather in Oslo and Bergen?' }], temperature: 0 },
  request: {
    model: 'demo',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Weather in Oslo and Bergen?' }],
    temperature: 0,
  },
  path: '/v1/chat/completions',
  takes: objectWith(
    { model: text, messages: { type: 'array', minItems: 1, items: objectWith({ role: text }, ['role']) } },
    ['model', 'messages'],
  ),
  answer: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'demo',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }],
    usage,
  },
  output: { message, finish_reason: 'tool_calls', usage },
  refusal: {
    status: 400,
    body: { error: { message: 'Unknown parameter: "heat".', type: 'invalid_request_error', param: 'heat' } },
    message: 'Unknown parameter: "heat".',
  },
  stream: {
    events: unnamed(
      delta({ role: 'assistant', content: null, refusal: null }),
      ...steps.map((step) => delta(step)),
      delta({}, 'tool_calls'),
      { ...delta({}), choices: [], usage },
      '[DONE]',
    ),
    chunks: steps,
  },
};
