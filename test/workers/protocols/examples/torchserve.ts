import type { Example } from './example.ts';

// https://pytorch.org/serve/inference_api.html ("Predictions API");
// the error as in https://github.com/pytorch/serve/issues/410
export const example: Example = {
  input: { data: [[0.1, 0.2]] },
  request: { data: [[0.1, 0.2]] },
  path: '/predictions/demo',
  takes: {},
  answer: { tabby: 0.4, tiger_cat: 0.3 },
  output: { tabby: 0.4, tiger_cat: 0.3 },
  refusal: {
    status: 404,
    body: { code: 404, type: 'ModelNotFoundException', message: 'Model not found: demo' },
    message: 'Model not found: demo',
  },
};
