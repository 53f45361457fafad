import { objectWith, text, unnamed, type Example } from './example.ts';

// https://platform.openai.com/docs/api-reference/completions
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const choice = (index: number, added: string, finish: string | null) => ({
  index,
  text: added,
  logprobs: null,
  finish_reason: finish,
});

export const example: Example = {
  input: { prompt: 'Call me', max_tokens: 4 },
  request: {
    model: 'demo',
    stream: true,
    stream_options: { include_usage: true },
    prompt: 'Call me',
    max_tokens: 4,
  },
  path: '/v1/completions',
  takes: objectWith({ model: text, prompt: { type: ['string', 'array'] } }, ['model', 'prompt']),
  answer: {
    id: 'cmpl-1',
    object: 'text_completion',
    choices: [choice(0, ' Ishmael. Some', 'length')],
    usage,
  },
  output: { text: ' Ishmael. Some', finish_reason: 'length', usage },
  refusal: {
    status: 400,
    body: { error: { message: 'max_tokens must be at least 1', type: 'invalid_request_error' } },
    message: 'max_tokens must be at least 1',
  },
  stream: {
    events: unnamed(
      { choices: [choice(0, ' Ishmael.', null)] },
      { choices: [choice(0, ' Some', 'length')] },
      { choices: [], usage },
      '[DONE]',
    ),
    chunks: [' Ishmael.', ' Some'],
  },
  batch: {
    inputs: [
      { prompt: 'Call me', max_tokens: 4 },
      { max_tokens: 4, prompt: 'It was', stream: false },
    ],
    request: { model: 'demo', max_tokens: 4, prompt: ['Call me', 'It was'] },
    answer: { choices: [choice(1, ' night', 'stop'), choice(0, ' Ishmael', 'length')], usage },
    outputs: [
      { text: ' Ishmael', finish_reason: 'length', usage: null },
      { text: ' night', finish_reason: 'stop', usage: null },
    ],
    other: { prompt: 'Call me', max_tokens: 5 },
  },
};
