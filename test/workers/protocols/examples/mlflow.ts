import type { Example } from './example.ts';

// https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ ("Accepted Input Formats"), and
// mlflow/pyfunc/scoring_server of https://github.com/mlflow/mlflow for answers and errors
export const example: Example = {
  input: {
    dataframe_split: {
      columns: ['a', 'b'],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    params: { scale: 2 },
  },
  request: {
    dataframe_split: {
      columns: ['a', 'b'],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    params: { scale: 2 },
  },
  path: '/invocations',
  takes: {
    type: 'object',
    oneOf: [
      { required: ['dataframe_split'] },
      { required: ['dataframe_records'] },
      { required: ['inputs'] },
      { required: ['instances'] },
    ],
  },
  answer: { predictions: [3, 7] },
  output: { predictions: [3, 7] },
  refusal: {
    status: 400,
    body: { error_code: 'BAD_REQUEST', message: 'Failed to predict: column "b" is missing' },
    message: 'Failed to predict: column "b" is missing',
  },
  batch: {
    inputs: [
      { dataframe_split: { columns: ['a'], data: [[1]] } },
      { dataframe_split: { data: [[2], [3]], columns: ['a'] } },
    ],
    request: { dataframe_split: { columns: ['a'], data: [[1], [2], [3]] } },
    answer: { predictions: [{ y: 1 }, { y: 2 }, { y: 3 }] },
    outputs: [{ predictions: [{ y: 1 }] }, { predictions: [{ y: 2 }, { y: 3 }] }],
    other: { dataframe_split: { columns: ['b'], data: [[1]] } },
  },
};
