import { objectWith, text, type Example } from './example.ts';

// https://platform.openai.com/docs/api-reference/embeddings
const usage = { prompt_tokens: 4, total_tokens: 4 };
const item = (index: number, embedding: number[]) => ({ object: 'embedding', index, embedding });

export const example: Example = {
  input: { input: ['one', 'two'], dimensions: 2 },
  request: { model: 'demo', input: ['one', 'two'], dimensions: 2 },
  path: '/v1/embeddings',
  takes: objectWith({ model: text, input: { type: ['string', 'array'] } }, ['model', 'input']),
  answer: { object: 'list', model: 'demo', data: [item(0, [0.5, -1]), item(1, [0.25, 2])], usage },
  output: {
    embeddings: [
      [0.5, -1],
      [0.25, 2],
    ],
    usage,
  },
  refusal: {
    status: 400,
    body: { error: { message: 'input is too long', type: 'invalid_request_error' } },
    message: 'input is too long',
  },
  batch: {
    inputs: ['one', { input: ['two', 'three'] }],
    request: { model: 'demo', input: ['one', 'two', 'three'] },
    answer: { data: [item(2, [3]), item(0, [1]), item(1, [2])], usage },
    outputs: [
      { embeddings: [[1]], usage: null },
      { embeddings: [[2], [3]], usage: null },
    ],
    other: { input: 'one', dimensions: 2 },
  },
};
