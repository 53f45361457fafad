import { objectWith, type Example } from './example.ts';

// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
// https://www.tensorflow.org/tfx/serving/api_rest ("Predict API")
export const example: Example = {
  input: {
    signature_name: 'serving_default',
    instances: [
      [6.8, 2.8],
      [6.0, 3.4],
    ],
  },
  request: {
    signature_name: 'serving_default',
    instances: [
      [6.8, 2.8],
      [6.0, 3.4],
    ],
  },
  path: '/v1/models/demo:predict',
  takes: objectWith({ instances: { type: 'array' } }, ['instances']),
  answer: { predictions: [1, 2] },
  output: { predictions: [1, 2] },
  refusal: {
    status: 400,
    body: { error: 'Expected "instances" to be a list' },
    message: 'Expected "instances" to be a list',
  },
  batch: {
    inputs: [{ instances: [[1]] }, { instances: [[2], [3]] }],
    request: { instances: [[1], [2], [3]] },
    answer: { predictions: ['a', 'b', 'c'], model: 'demo' },
    outputs: [
      { predictions: ['a'], model: 'demo' },
      { predictions: ['b', 'c'], model: 'demo' },
    ],
    other: { instances: [[1]], signature_name: 'other' },
  },
};
