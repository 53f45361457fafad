import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { cut, groupBy, without } from './batch.ts';
import { invalidOutput, isList, postOf } from './body.ts';
import type { BatchCodec } from './protocol.ts';

/**
 * Open Inference requests joined along the first dimension of their tensors, which is that of the batch. They fit
 * where names, datatypes, further dimensions, parameters and the outputs asked for agree, in the same order.
 */
export const openInferenceBatch: BatchCodec = {
  groupOf(input) {
    const rows = rowsOf(input);
    if (!isObject(input) || rows === undefined || rows === 0) return undefined;
    const { parameters, outputs } = input;
    const tensors = tensorsOf(input).map((tensor) => [
      without(tensor, 'shape', 'data'),
      shapeOf(tensor['shape']).slice(1),
    ]);
    return groupBy(parameters ?? null, outputs ?? null, tensors);
  },
  toRequest(inputs) {
    const rows = inputs.reduce<number>((sum, input) => sum + (rowsOf(input) ?? 0), 0);
    const [first] = inputs;
    // The ids are those of single requests.
    const common = isObject(first) ? without(first, 'id') : {};
    const joined = tensorsOf(first).map((tensor, index) => ({
      ...tensor,
      shape: [rows, ...shapeOf(tensor['shape']).slice(1)],
      data: inputs.flatMap((input) => flat(tensorsOf(input)[index]?.['data'])),
    }));
    return postOf({ ...common, inputs: joined });
  },
  toOutputs(body, inputs) {
    const sizes = inputs.map((input) => rowsOf(input) ?? 0);
    const answer = isObject(body) ? body : {};
    if (!isList(answer['outputs'])) throw invalidOutput('The answer has no list of "outputs".');
    const split = tensorsIn(answer['outputs']).map((tensor) => splitTensor(tensor, sizes));
    return inputs.map((input, index) => ({
      ...answer,
      ...(isObject(input) && input['id'] !== undefined ? { id: input['id'] } : {}),
      outputs: split.map((parts) => parts[index]),
    }));
  },
};

/** One tensor as the rows of each. Throws `invalid_output` where its first dimension is not that of the batch. */
function splitTensor(tensor: JsonObject, sizes: readonly number[]): JsonObject[] {
  const [rows, ...others] = shapeOf(tensor['shape']);
  const name = `the tensor "${String(tensor['name'])}"`;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (rows !== total)
    throw invalidOutput(`The answer to the batch cannot be told apart: ${name} has not ${total} rows.`);
  const { data } = tensor;
  const nested = isList(data) && data.length === total;
  const perRow = nested ? 1 : others.reduce((product, size) => product * size, 1);
  const pieces = cut(
    data,
    sizes.map((size) => size * perRow),
    name,
  );
  return pieces.map((piece, index) => ({ ...tensor, shape: [sizes[index], ...others], data: piece }));
}

/** How many rows a request has: the first dimension, where all its tensors have one and the same. */
function rowsOf(input: unknown): number | undefined {
  const [rows, ...others] = tensorsOf(input).map(({ shape }) => shapeOf(shape)[0]);
  return others.every((each) => each === rows) ? rows : undefined;
}

function tensorsOf(input: unknown): JsonObject[] {
  return isObject(input) ? tensorsIn(input['inputs']) : [];
}

function tensorsIn(list: unknown): JsonObject[] {
  return isList(list) ? list.filter(isObject) : [];
}

function shapeOf(shape: unknown): number[] {
  return isList(shape) && shape.every((size) => typeof size === 'number') ? shape : [];
}

function flat(data: unknown): unknown[] {
  if (!isList(data)) return [];
  return data.some(isList) ? data.flatMap((item) => (isList(item) ? flat(item) : [item])) : data;
}
