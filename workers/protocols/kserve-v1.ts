import { isObject } from '../../shared/json-object.ts';
import { cutField, groupBy, without } from './batch.ts';
import { invalidInput, invalidOutput, isList, kindOf, messageIn, postOf } from './body.ts';
import type { BatchCodec, Protocol } from './protocol.ts';

/**
 * Version 1 of KServe's protocol, which is TensorFlow Serving's: `POST /v1/models/{name}:predict`
 * (https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol,
 * https://www.tensorflow.org/tfx/serving/api_rest).
 *
 * Input: `{"instances": [...]}` by rows, or `{"inputs": ...}` by columns, with `signature_name` and what else the
 * server takes. Output: the whole answer, `{"predictions": [...]}`, or `{"outputs": ...}` to columns.
 */
export const kserveV1: Protocol = {
  toRequest(input) {
    if (!isObject(input)) throw invalid('', `must be an object, but is ${kindOf(input)}`);
    const { instances, inputs } = input;
    if (instances === undefined && inputs === undefined)
      throw invalid('/instances', 'is missing, and so is "/inputs"');
    if (instances !== undefined && !isList(instances))
      throw invalid('/instances', `must be a list, but is ${kindOf(instances)}`);
    return postOf(input);
  },
  toOutput(body) {
    if (isObject(body) && (body['predictions'] ?? body['outputs']) !== undefined) return body;
    throw invalidOutput('The answer has neither "predictions" nor "outputs".');
  },
  errorMessage: messageIn,
  batch: createBatch(),
};

function createBatch(): BatchCodec {
  return {
    groupOf(input) {
      if (!isObject(input) || input['inputs'] !== undefined) return undefined;
      return instancesOf(input).length > 0 ? groupBy(without(input, 'instances')) : undefined;
    },
    toRequest(inputs) {
      const [first] = inputs;
      return postOf({ ...(isObject(first) ? first : {}), instances: inputs.flatMap(instancesOf) });
    },
    toOutputs(body, inputs) {
      return cutField(
        body,
        'predictions',
        inputs.map((input) => instancesOf(input).length),
      );
    },
  };
}

function instancesOf(input: unknown): unknown[] {
  return isObject(input) && isList(input['instances']) ? input['instances'] : [];
}

function invalid(pointer: string, sentence: string): Error {
  return invalidInput('a prediction request', pointer, sentence);
}
