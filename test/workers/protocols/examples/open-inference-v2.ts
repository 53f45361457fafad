import { objectWith, text, type Example } from './example.ts';

// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
// ("Inference Request JSON Object", "Inference Response JSON Object", "Inference Response JSON Error Object")
const tensor = (name: string, shape: number[], datatype: string, data: unknown[]) => ({
  name,
  shape,
  datatype,
  data,
});

export const example: Example = {
  input: {
    id: 'a1',
    inputs: [tensor('ids', [2, 2], 'INT64', [1, 2, 3, 4]), tensor('who', [2, 1], 'BYTES', ['ada', 'bob'])],
    outputs: [{ name: 'score' }, { name: 'label' }],
  },
  request: {
    id: 'a1',
    inputs: [tensor('ids', [2, 2], 'INT64', [1, 2, 3, 4]), tensor('who', [2, 1], 'BYTES', ['ada', 'bob'])],
    outputs: [{ name: 'score' }, { name: 'label' }],
  },
  path: '/v2/models/demo/infer',
  takes: objectWith(
    {
      inputs: {
        type: 'array',
        items: objectWith({ name: text, shape: { items: { type: 'integer' } }, datatype: text, data: {} }, [
          'name',
          'shape',
          'datatype',
          'data',
        ]),
      },
    },
    ['inputs'],
  ),
  answer: {
    model_name: 'demo',
    model_version: '3',
    id: 'a1',
    outputs: [tensor('score', [2], 'FP32', [0.5, 0.25]), tensor('label', [2], 'BYTES', ['x', 'y'])],
  },
  output: {
    model_name: 'demo',
    model_version: '3',
    id: 'a1',
    outputs: [tensor('score', [2], 'FP32', [0.5, 0.25]), tensor('label', [2], 'BYTES', ['x', 'y'])],
  },
  refusal: { status: 400, body: { error: 'no tensor "ids"' }, message: 'no tensor "ids"' },
  batch: {
    inputs: [
      { id: 'a', inputs: [tensor('x', [1, 2], 'FP32', [1, 2])] },
      {
        inputs: [
          tensor('x', [2, 2], 'FP32', [
            [3, 4],
            [5, 6],
          ]),
        ],
      },
    ],
    request: { inputs: [tensor('x', [3, 2], 'FP32', [1, 2, 3, 4, 5, 6])] },
    answer: {
      model_name: 'demo',
      outputs: [
        tensor('y', [3, 2], 'FP64', [10, 20, 30, 40, 50, 60]),
        tensor('z', [3], 'BOOL', [true, false, true]),
      ],
    },
    outputs: [
      {
        model_name: 'demo',
        id: 'a',
        outputs: [tensor('y', [1, 2], 'FP64', [10, 20]), tensor('z', [1], 'BOOL', [true])],
      },
      {
        model_name: 'demo',
        outputs: [tensor('y', [2, 2], 'FP64', [30, 40, 50, 60]), tensor('z', [2], 'BOOL', [false, true])],
      },
    ],
    other: { inputs: [tensor('x', [1, 3], 'FP32', [1, 2, 3])] },
  },
};
