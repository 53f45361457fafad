import test from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { protocolOf } from '../../../workers/protocols/registry.ts';
import { modelNamed } from './any-model.ts';

const protocol = protocolOf('open-inference-v2');
const model = modelNamed('language-id');

/** From the specification, "Inference Request Examples" and "Inference Response JSON Object". */
const REQUEST = {
  id: '42',
  inputs: [
    { name: 'input0', shape: [2, 2], datatype: 'UINT32', data: [1, 2, 3, 4] },
    { name: 'input1', shape: [3], datatype: 'BOOL', data: [true, false, true] },
  ],
  outputs: [{ name: 'output0' }],
};
const ANSWER = {
  model_name: 'mymodel',
  model_version: '1',
  id: '42',
  outputs: [{ name: 'output0', shape: [3, 2], datatype: 'FP32', data: [1, 1.1, 2, 2.1, 3, 3.1] }],
};

function faultsOf(input: unknown): { code: string; message: string; pointers: string[] } {
  try {
    protocol.toRequest(input, model);
  } catch (error) {
    if (!(error instanceof InferqError)) throw error;
    const pointers = (error.errors ?? []).map(({ pointer }) => pointer);
    return { code: error.code, message: error.message, pointers };
  }
  return { code: 'none', message: '', pointers: [] };
}

test('the request of the specification is posted as it is', (t) => {
  const { method, headers, body } = protocol.toRequest(REQUEST, model);
  t.is(method, 'POST');
  t.is(headers['content-type'], 'application/json');
  t.deepEqual(body, REQUEST);
});

test('the whole answer is the output, so that postprocess can pick from outputs', (t) => {
  t.deepEqual(protocol.toOutput(ANSWER, REQUEST), ANSWER);
});

test('data may be nested by rows', (t) => {
  const nested = [
    [1, 2],
    [3, 4],
  ];
  const inputs = [{ name: 'x', shape: [2, 2], datatype: 'INT64', data: nested }];
  t.notThrows(() => protocol.toRequest({ inputs }, model));
});

test('a scalar and an empty tensor are tensors', (t) => {
  const scalar = { name: 's', shape: [], datatype: 'FP32', data: [1] };
  const empty = { name: 'e', shape: [0, 3], datatype: 'FP32', data: [] };
  t.notThrows(() => protocol.toRequest({ inputs: [scalar, empty] }, model));
});

test('an input that is no object is refused with what it is', (t) => {
  const { code, message } = faultsOf(['text']);
  t.is(code, 'invalid_input');
  t.regex(message, /must be an object with "inputs", but is a list/);
});

test('missing inputs are named', (t) => {
  t.deepEqual(faultsOf({ text: 'hello' }).pointers, ['/inputs']);
  t.regex(faultsOf({ inputs: [] }).message, /"\/inputs" must be a list of at least one tensor/);
});

test('every fault of a tensor is named at once', (t) => {
  const inputs = [REQUEST.inputs[0], { name: 1, shape: [1.5], datatype: 'STRING', data: 'hello' }];
  const { pointers, code } = faultsOf({ inputs });
  t.is(code, 'invalid_input');
  t.deepEqual(pointers, ['/inputs/1/name', '/inputs/1/datatype', '/inputs/1/shape', '/inputs/1/data']);
});

test('a shape that the data does not fill is refused with both counts', (t) => {
  const { message, pointers } = faultsOf({
    inputs: [{ name: 'x', shape: [1, 4], datatype: 'FP32', data: [1, 2, 3] }],
  });
  t.deepEqual(pointers, ['/inputs/0/data']);
  t.regex(message, /has 3 elements where the shape \[1, 4\] asks for 4/);
});

for (const [what, body] of [
  ['no outputs', { model_name: 'm' }],
  ['outputs that are an object', { outputs: { language: 'de' } }],
  ['a list instead of an object', [1, 2]],
  ['null', null],
] as const) {
  test(`an answer with ${what} is invalid_output`, (t) => {
    const error = t.throws(() => protocol.toOutput(body, REQUEST), { instanceOf: InferqError });
    t.is(error?.code, 'invalid_output');
    t.regex(error?.message ?? '', /no list of "outputs"/);
  });
}

test("a refusal's message is the server's error", (t) => {
  t.is(protocol.errorMessage({ error: 'unexpected shape for input0' }), 'unexpected shape for input0');
  t.is(protocol.errorMessage({ error: { code: 3 } }), undefined);
  t.is(protocol.errorMessage('Internal Server Error'), undefined);
});
