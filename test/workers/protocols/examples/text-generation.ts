import { objectWith, text, unnamed, type Example } from './example.ts';

// https://github.com/huggingface/text-generation-inference/blob/main/docs/openapi.json
// (/generate, /generate_stream; GenerateResponse, StreamResponse, ErrorResponse)
const token = (id: number, added: string, special = false) => ({ id, text: added, logprob: -0.5, special });

export const example: Example = {
  input: { inputs: 'Call me', parameters: { max_new_tokens: 2 } },
  request: { inputs: 'Call me', parameters: { max_new_tokens: 2 } },
  path: '/generate',
  takes: objectWith({ inputs: text, parameters: { type: 'object' } }, ['inputs']),
  answer: { generated_text: ' Ishmael.' },
  output: { generated_text: ' Ishmael.', details: null },
  refusal: {
    status: 422,
    body: { error: 'Input validation error: `max_new_tokens` must be > 0', error_type: 'validation' },
    message: 'Input validation error: `max_new_tokens` must be > 0',
  },
  stream: {
    path: '/generate_stream',
    events: unnamed(
      { index: 1, token: token(7, ' Ish'), generated_text: null, details: null },
      { index: 2, token: token(8, 'mael.'), generated_text: null, details: null },
      {
        index: 3,
        token: token(2, '</s>', true),
        generated_text: ' Ishmael.',
        details: { finish_reason: 'eos_token', generated_tokens: 3, seed: null, input_length: 3 },
      },
    ),
    chunks: [' Ish', 'mael.'],
    output: {
      generated_text: ' Ishmael.',
      details: { finish_reason: 'eos_token', generated_tokens: 3, seed: null, input_length: 3 },
    },
  },
};
