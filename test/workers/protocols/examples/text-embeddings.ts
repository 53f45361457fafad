import { objectWith, type Example } from './example.ts';

// https://github.com/huggingface/text-embeddings-inference/blob/main/docs/openapi.json
// (/embed; EmbedRequest, EmbedResponse, ErrorResponse)
export const example: Example = {
  input: { inputs: ['one', 'two'], normalize: true },
  request: { inputs: ['one', 'two'], normalize: true },
  path: '/embed',
  takes: objectWith({ inputs: { type: ['string', 'array'] }, normalize: { type: 'boolean' } }, ['inputs']),
  answer: [
    [0.5, -1],
    [0.25, 2],
  ],
  output: [
    [0.5, -1],
    [0.25, 2],
  ],
  refusal: {
    status: 413,
    body: { error: 'batch size 64 > maximum allowed batch size 32', error_type: 'validation' },
    message: 'batch size 64 > maximum allowed batch size 32',
  },
  batch: {
    inputs: ['one', { inputs: ['two', 'three'] }],
    request: { inputs: ['one', 'two', 'three'] },
    answer: [[1], [2], [3]],
    outputs: [[[1]], [[2], [3]]],
    other: { inputs: 'one', truncate: true },
  },
};
