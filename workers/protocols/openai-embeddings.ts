import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { groupBy, without } from './batch.ts';
import { invalidInput, invalidOutput, isList, kindOf, messageIn, postOf } from './body.ts';
import { oneForEach } from './embeddings.ts';
import { itemAt, requestOf, usageOf } from './openai.ts';
import type { BatchCodec, Protocol } from './protocol.ts';

const WHAT = 'an embedding request';

/**
 * Embeddings as OpenAI defined them and vLLM, TEI, Infinity, llama.cpp, Ollama and others serve them
 * (https://platform.openai.com/docs/api-reference/embeddings).
 *
 * Input: a text or a list of texts, bare or as `{"input", "dimensions"?, "encoding_format"?, …}`, with `model` filled
 * in. Output: `{"embeddings", "usage"}`, the embeddings in the order of the texts, as lists of numbers or in whatever
 * `encoding_format` was asked for; `usage` is null where the server does not count.
 */
export const openaiEmbeddings: Protocol = {
  toRequest: (input, model) => postOf({ model: model.name, ...bodyOf(input) }),
  toOutput(body, input) {
    const embeddings = oneForEach(textsOf(input), embeddingsIn(body));
    return { embeddings: embeddings.map(present), usage: usageOf(body) };
  },
  errorMessage: messageIn,
  batch: createBatch(),
};

function bodyOf(input: unknown): JsonObject {
  const body = requestOf(input, 'input', WHAT);
  const { input: given } = body;
  if (typeof given === 'string' || isList(given)) return body;
  throw invalidInput(WHAT, '/input', `must be a text or a list of them, but is ${kindOf(given)}`);
}

/** In the order of the texts, whatever that of the answer; undefined where one is missing. */
function embeddingsIn(body: unknown): unknown[] {
  const data = isObject(body) ? body['data'] : undefined;
  if (isList(data)) return data.map((_, index) => itemAt(data, index)?.['embedding']);
  throw invalidOutput('The answer has no list of "data"; is the url that of /v1/embeddings?');
}

function present(embedding: unknown, index: number): unknown {
  if (embedding !== undefined && embedding !== null) return embedding;
  throw invalidOutput(`The answer has no embedding for text ${index + 1}.`);
}

function createBatch(): BatchCodec {
  return {
    groupOf(input) {
      const body = bodyOf(input);
      return textsOf(input).length > 0 ? groupBy(without(body, 'input')) : undefined;
    },
    toRequest(inputs, model) {
      const common = inputs.length > 0 ? without(bodyOf(inputs[0]), 'input') : {};
      return postOf({ model: model.name, ...common, input: inputs.flatMap(textsOf) });
    },
    toOutputs(body, inputs) {
      const embeddings = embeddingsIn(body);
      let from = 0;
      return inputs.map((input) => {
        const own = embeddings.slice(from, (from += textsOf(input).length));
        if (own.length === textsOf(input).length && own.every((each) => each !== undefined && each !== null))
          return { embeddings: own, usage: null };
        return invalidOutput('The answer to the batch has no embedding for a text of this input.');
      });
    },
  };
}

/** Lists of numbers are tokens, and left alone. */
function textsOf(input: unknown): string[] {
  const { input: given } = bodyOf(input);
  if (typeof given === 'string') return [given];
  return isList(given) && given.every((each) => typeof each === 'string') ? given : [];
}
