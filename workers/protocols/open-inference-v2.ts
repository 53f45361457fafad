import { type Fault, InferqError } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';
import { kindOf, messageIn, postOf } from './body.ts';
import { openInferenceBatch } from './open-inference-batch.ts';
import type { Protocol } from './protocol.ts';

const DATATYPES = 'BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 BF16 BYTES'.split(
  ' ',
);

/**
 * The Open Inference Protocol, version 2, over HTTP with JSON tensors: KServe, Triton, MLServer, OpenVINO and others
 * (https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md).
 *
 * Input: `{"inputs": [{"name", "shape", "datatype", "data", "parameters"?}], "id"?, "parameters"?, "outputs"?}`, with
 * `data` flat or nested by rows. Output: the whole answer, `{"model_name", "outputs": [{"name", "shape", "datatype",
 * "data"}], …}`. The binary tensor extension is not spoken.
 */
export const openInferenceV2: Protocol = {
  toRequest(input) {
    const faults = requestFaults(input);
    if (faults[0]) {
      const detail = `The input is not an Open Inference request: ${faults[0].detail}`;
      throw new InferqError('invalid_input', detail, { errors: faults });
    }
    return postOf(input);
  },
  toOutput(body) {
    const outputs = isObject(body) ? body['outputs'] : undefined;
    if (Array.isArray(outputs)) return body;
    const found = isObject(body) ? `its "outputs" is ${kindOf(outputs)}` : `it is ${kindOf(body)}`;
    throw new InferqError('invalid_output', `The answer has no list of "outputs": ${found}.`);
  },
  errorMessage: messageIn,
  batch: openInferenceBatch,
};

function requestFaults(input: unknown): Fault[] {
  if (!isObject(input)) return [fault('', `it must be an object with "inputs", but is ${kindOf(input)}`)];
  const { inputs, id, parameters, outputs } = input;
  return [
    ...(id === undefined || typeof id === 'string' ? [] : [wrong('/id', 'a string', id)]),
    ...(parameters === undefined || isObject(parameters)
      ? []
      : [wrong('/parameters', 'an object', parameters)]),
    ...(outputs === undefined || Array.isArray(outputs) ? [] : [wrong('/outputs', 'a list', outputs)]),
    ...(Array.isArray(inputs) && inputs.length > 0
      ? inputs.flatMap((tensor: unknown, index) => tensorFaults(tensor, `/inputs/${index}`))
      : [wrong('/inputs', 'a list of at least one tensor', inputs)]),
  ];
}

function tensorFaults(tensor: unknown, at: string): Fault[] {
  if (!isObject(tensor)) return [wrong(at, 'an object with name, shape, datatype and data', tensor)];
  const { name, shape, datatype, data } = tensor;
  const faults: Fault[] = [];
  if (typeof name !== 'string' || name === '') faults.push(wrong(`${at}/name`, 'a string', name));
  if (!DATATYPES.some((known) => known === datatype)) {
    faults.push(wrong(`${at}/datatype`, `one of ${DATATYPES.join(', ')}`, datatype));
  }
  if (!isShape(shape)) faults.push(wrong(`${at}/shape`, 'a list of whole numbers from 0', shape));
  if (!Array.isArray(data)) faults.push(wrong(`${at}/data`, 'a list', data));
  if (isShape(shape) && Array.isArray(data)) faults.push(...countFaults(shape, data, at));
  return faults;
}

/** The most common mistake: a batch dimension forgotten. Servers answer it with a stack trace, if at all. */
function countFaults(shape: number[], data: unknown[], at: string): Fault[] {
  const wanted = shape.reduce((product, size) => product * size, 1);
  const given = countElements(data);
  if (wanted === given) return [];
  const detail = `has ${given} elements where the shape [${shape.join(', ')}] asks for ${wanted}`;
  return [fault(`${at}/data`, `"${at}/data" ${detail}`)];
}

function countElements(data: unknown[]): number {
  let count = 0;
  for (const item of data) count += Array.isArray(item) ? countElements(item) : 1;
  return count;
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size) && size >= 0);
}

function wrong(pointer: string, wanted: string, found: unknown): Fault {
  const what = typeof found === 'string' ? `"${found.slice(0, 40)}"` : kindOf(found);
  return fault(pointer, `"${pointer}" must be ${wanted}, but is ${what}`);
}

function fault(pointer: string, sentence: string): Fault {
  return { pointer, detail: `${sentence}.` };
}
