import { isObject } from '../../shared/json-object.ts';
import { cut, groupBy, without } from './batch.ts';
import { invalidInput, invalidOutput, isList, kindOf, messageIn, postOf } from './body.ts';
import { oneForEach } from './embeddings.ts';
import type { BatchCodec, Protocol } from './protocol.ts';

/**
 * Hugging Face's Text Embeddings Inference, `POST /embed`
 * (https://huggingface.github.io/text-embeddings-inference/).
 *
 * Input: a text or a list of texts, bare or as `{"inputs", "normalize"?, "truncate"?, "prompt_name"?, …}`. Output: the
 * answer, a list with the vector of each text, also for a single one.
 */
export const textEmbeddings: Protocol = {
  toRequest(input) {
    const body = bodyOf(input);
    const { inputs } = body;
    if (typeof inputs === 'string' || isList(inputs)) return postOf(body);
    throw invalidInput(
      'an embedding request',
      '/inputs',
      `must be a text or a list of them, but is ${kindOf(inputs)}`,
    );
  },
  toOutput: (body, input) => oneForEach(textsOf(input), vectorsIn(body)),
  errorMessage: messageIn,
  batch: createBatch(),
};

/** Lists of numbers are tokens, and a list of those is left alone: one text or several look the same from outside. */
function createBatch(): BatchCodec {
  return {
    groupOf(input) {
      const body = bodyOf(input);
      return textsOf(input).length > 0 ? groupBy(without(body, 'inputs')) : undefined;
    },
    toRequest: (inputs) => postOf({ ...bodyOf(inputs[0]), inputs: inputs.flatMap(textsOf) }),
    toOutputs: (body, inputs) =>
      cut(
        vectorsIn(body),
        inputs.map((input) => textsOf(input).length),
        'it',
      ),
  };
}

function vectorsIn(body: unknown): unknown[] {
  if (isList(body) && body.every(isList)) return body;
  throw invalidOutput('The answer is not a list of vectors; is the url that of /embed?');
}

function bodyOf(input: unknown): Record<string, unknown> {
  return isObject(input) ? input : { inputs: input };
}

function textsOf(input: unknown): string[] {
  const { inputs } = bodyOf(input);
  if (typeof inputs === 'string') return [inputs];
  return isList(inputs) && inputs.every((each) => typeof each === 'string') ? inputs : [];
}
