import test from 'ava';
import * as fc from 'fast-check';
import { InferqError } from '../../../shared/errors.ts';
import { PROTOCOLS } from '../../../shared/model.ts';
import type { BatchCodec } from '../../../workers/protocols/protocol.ts';
import { protocolOf } from '../../../workers/protocols/registry.ts';
import { modelNamed } from './any-model.ts';
import { SERVERS } from './batch-servers.ts';
import { EXAMPLES } from './examples/all.ts';

const model = modelNamed('demo');

for (const name of PROTOCOLS) {
  const protocol = protocolOf(name);
  const example = EXAMPLES[name].batch;
  const { batch } = protocol;
  if (!batch || !example) {
    test(`${name}: batches if and only if an example shows how`, (t) => {
      t.is(example, undefined);
      t.is(batch, undefined);
    });
    continue;
  }
  const { inputs, request, answer, outputs, other } = example;

  test(`${name}: inputs that fit are of one group, others are not`, (t) => {
    const groups = new Set(inputs.map((input) => batch.groupOf(input)));
    t.is(groups.size, 1);
    t.false(groups.has(undefined));
    if (other !== undefined) t.false(groups.has(batch.groupOf(other)));
  });

  test(`${name}: several inputs are one request, and its answer is taken apart`, (t) => {
    const before = structuredClone(inputs);
    const { body, headers } = batch.toRequest(inputs, model);
    t.deepEqual(body, request);
    t.is(headers['accept'], 'application/json');
    t.deepEqual(batch.toOutputs(answer, inputs), outputs);
    t.deepEqual(inputs, before);
  });

  test(`${name}: what a batch gives for an input is what a call of its own would have given`, (t) => {
    const { many, answerTo } = SERVERS[name] ?? {};
    if (!many || !answerTo) return t.fail('a server is missing');
    return t.notThrows(() =>
      fc.assert(
        fc.property(many, (given) => {
          const alone = given.map((input) =>
            protocol.toOutput(answerTo(protocol.toRequest(input, model).body), input),
          );
          const together = inGroups(batch, given, (group) =>
            batch.toOutputs(answerTo(batch.toRequest(group, model).body, group.length), group),
          );
          t.deepEqual(together, alone);
        }),
      ),
    );
  });

  test(`${name}: an answer to a batch may be anything, and gives each its own or invalid_output`, (t) => {
    t.notThrows(() =>
      fc.assert(
        fc.property(fc.jsonValue(), (body) => {
          try {
            t.is(batch.toOutputs(body, inputs).length, inputs.length);
          } catch (error) {
            if (!(error instanceof InferqError)) throw error;
            t.is(error.code, 'invalid_output');
          }
        }),
      ),
    );
  });
}

test('an item of a json batch that is an error fails alone', (t) => {
  const [good, bad] = protocolOf('json').batch?.toOutputs([1, { error: 'no such page' }], ['a', 'b']) ?? [];
  t.is(good, 1);
  t.true(bad instanceof InferqError && bad.code === 'model_error' && bad.message === 'no such page');
});

test('a text without an embedding fails alone, and so does a prompt without a choice', (t) => {
  const data = [{ index: 0, embedding: [1] }];
  const [first, second] = protocolOf('openai-embeddings').batch?.toOutputs({ data }, ['a', 'b']) ?? [];
  t.deepEqual(first, { embeddings: [[1]], usage: null });
  t.true(second instanceof InferqError && second.code === 'invalid_output');
  const choices = [
    { index: 1, text: 'x' },
    { index: 0, text: 'y' },
    { index: 3, text: 'z' },
  ];
  const prompts = ['a', 'b', 'c', 'd'];
  const texts = protocolOf('openai-completions').batch?.toOutputs({ choices }, prompts) ?? [];
  t.true(texts[2] instanceof InferqError);
  t.deepEqual(
    texts.map((each) => (each instanceof InferqError ? each.code : Reflect.get(Object(each), 'text'))),
    ['y', 'x', 'invalid_output', 'z'],
  );
});

for (const [what, input] of [
  ['tensors whose first dimensions differ', tensors([2, 1], [3, 1])],
  ['a scalar', tensors([])],
  ['no rows', tensors([0, 3])],
] as const) {
  test(`an Open Inference request with ${what} goes alone`, (t) => {
    t.is(protocolOf('open-inference-v2').batch?.groupOf(input), undefined);
  });
}

test('an Open Inference answer that has not a row for each is invalid_output', (t) => {
  const { batch } = protocolOf('open-inference-v2');
  const inputs = [tensors([1, 1]), tensors([1, 1])];
  for (const output of [
    { name: 'y', shape: [1], datatype: 'FP32', data: [1] },
    { name: 'y', shape: [2], datatype: 'FP32', data: [1] },
    { name: 'y', shape: [2, 2], datatype: 'FP32', data: [1, 2, 3] },
    { name: 'y', shape: [], datatype: 'FP32', data: [1] },
  ])
    t.throws(() => batch?.toOutputs({ outputs: [output] }, inputs), { instanceOf: InferqError });
});

function tensors(...shapes: number[][]): unknown {
  const inputs = shapes.map((shape, index) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { name: `t${index}`, shape, datatype: 'FP32', data: Array.from({ length: count }, () => 1) };
  });
  return { inputs };
}

/** Runs each group as one batch and each other input alone, as a batch of one; results are in the order of inputs. */
function inGroups(
  batch: BatchCodec,
  inputs: readonly unknown[],
  run: (group: unknown[]) => unknown[],
): unknown[] {
  const groups = Map.groupBy(inputs.entries(), ([index, input]) => batch.groupOf(input) ?? index);
  const results = [...groups.values()].flatMap((entries) => {
    const outputs = run(entries.map(([, input]) => input));
    return entries.map(([index], at): [number, unknown] => [index, outputs[at]]);
  });
  return results.sort(([one], [another]) => one - another).map(([, output]) => output);
}
