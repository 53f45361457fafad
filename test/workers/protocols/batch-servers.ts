import * as fc from 'fast-check';
import type { ProtocolName } from '../../../shared/model.ts';

/** Model servers as functions, which treat each row by itself and say of each what it was. */
interface BatchServer {
  /** Inputs for some jobs of one model. */
  many: fc.Arbitrary<unknown[]>;
  /** `jobs` is given for a batch. */
  answerTo: (body: unknown, jobs?: number) => unknown;
}

const text = fc.string({ maxLength: 5 });
const some = <T>(item: fc.Arbitrary<T>, most = 4) => fc.array(item, { minLength: 1, maxLength: most });

export const SERVERS: Partial<Record<ProtocolName, BatchServer>> = {
  json: {
    many: some(fc.jsonValue()),
    answerTo: (body, jobs) => (jobs === undefined ? { of: body } : listOf(body).map((of) => ({ of }))),
  },
  'open-inference-v2': { many: some(openInferenceInput()), answerTo: answerTensors },
  'kserve-v1': {
    many: some(fc.record({ instances: some(fc.jsonValue()), signature_name: fc.constantFrom('a', 'b') })),
    answerTo: (body) => ({ predictions: listOf(field(body, 'instances')).map((of) => ({ of })), version: 1 }),
  },
  mlflow: {
    many: some(
      fc.oneof(
        split(),
        some(fc.jsonValue()).map((records) => ({ dataframe_records: records })),
      ),
    ),
    answerTo: (body) => ({
      predictions: listOf(
        field(field(body, 'dataframe_split') ?? {}, 'data') ?? field(body, 'dataframe_records'),
      ),
    }),
  },
  'text-embeddings': {
    many: some(fc.oneof(text, some(text), fc.record({ inputs: text, normalize: fc.boolean() }))),
    answerTo: (body) => listOf(field(body, 'inputs')).map(vector),
  },
  'openai-embeddings': {
    many: some(fc.oneof(text, some(text), fc.record({ input: text, dimensions: fc.constantFrom(1, 2) }))),
    answerTo: (body) => ({
      data: listOf(field(body, 'input'))
        .map((each, index) => ({ index, embedding: vector(each) }))
        .toReversed(),
    }),
  },
  'openai-completions': {
    many: some(fc.oneof(text, fc.record({ prompt: text, max_tokens: fc.constantFrom(1, 2) }))),
    answerTo: (body) => ({
      choices: listOf(field(body, 'prompt'))
        .map((prompt, index) => ({ index, text: `after ${String(prompt)}`, finish_reason: 'stop' }))
        .toReversed(),
    }),
  },
};

function openInferenceInput(): fc.Arbitrary<unknown> {
  const tensor = fc.record({
    columns: fc.constantFrom(1, 3),
    flat: fc.boolean(),
    name: fc.constantFrom('x', 'y'),
  });
  return fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.array(tensor, { minLength: 1, maxLength: 2 }),
      fc.option(text),
      fc.nat(),
    )
    .map(([rows, tensors, id, seed]) => ({
      ...(id === null ? {} : { id }),
      inputs: tensors.map(({ columns, flat, name }) => {
        const table = Array.from({ length: rows }, (_, row) =>
          Array.from({ length: columns }, (__, column) => seed + row * columns + column),
        );
        return { name, shape: [rows, columns], datatype: 'INT64', data: flat ? table.flat() : table };
      }),
    }));
}

function split(): fc.Arbitrary<unknown> {
  return fc.record({
    dataframe_split: fc.record({
      columns: fc.constantFrom(['a'], ['b']),
      data: some(fc.tuple(fc.integer())),
    }),
  });
}

/** Each tensor comes back flat. */
function answerTensors(body: unknown): unknown {
  const outputs = listOf(field(body, 'inputs')).map((tensor) => ({
    ...Object(tensor),
    data: listOf(field(tensor, 'data')).flat(),
  }));
  const id = field(body, 'id');
  return { model_name: 'demo', ...(id === undefined ? {} : { id }), outputs };
}

function vector(each: unknown): number[] {
  return Array.from(String(each), (character) => character.codePointAt(0) ?? 0);
}

function field(body: unknown, name: string): unknown {
  return Reflect.get(Object(body), name);
}

/** One where a list could be is a list of one. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
