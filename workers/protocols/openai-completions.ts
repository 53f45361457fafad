import type { JsonObject } from '../../shared/json-object.ts';
import { groupBy, without } from './batch.ts';
import { invalidInput, invalidOutput, kindOf, messageIn, postOf } from './body.ts';
import { choiceAt, firstChoice, readGrowingChoice, requestOf, streamedRequest, usageOf } from './openai.ts';
import type { BatchCodec, Protocol, StreamReader } from './protocol.ts';

const WHAT = 'a completion request';

/**
 * Text completions as OpenAI defined them and vLLM, llama.cpp, Ollama, TGI, LM Studio and others serve them
 * (https://platform.openai.com/docs/api-reference/completions).
 *
 * Input: a prompt as a bare string, or the request object `{"prompt", "max_tokens"?, "temperature"?, "seed"?,
 * "stop"?, …}`, passed on as it is, with `model` and `stream` filled in. Chunks while it runs: the text that was
 * added. Output: `{"text", "finish_reason", "usage"}` of the first choice; `usage` is null where the server does not
 * count. A server that ignores `stream` and answers with plain JSON is as good.
 */
export const openaiCompletions: Protocol = {
  toRequest: (input, model) => postOf(streamedRequest(bodyOf(input), model.name, WHAT), { streams: true }),
  toOutput: (body) => outputOf(firstChoice(body), usageOf(body)),
  errorMessage: messageIn,
  stream: createReader,
  batch: createBatch(),
};

function bodyOf(input: unknown): JsonObject {
  const body = requestOf(input, 'prompt', WHAT);
  const { prompt } = body;
  if (typeof prompt === 'string') return body;
  throw invalidInput(WHAT, '/prompt', `must be a string, but is ${kindOf(prompt)}`);
}

function outputOf(choice: JsonObject | undefined, usage: unknown): unknown {
  if (typeof choice?.['text'] === 'string')
    return { text: choice['text'], finish_reason: choice['finish_reason'] ?? null, usage };
  throw invalidOutput('The answer has no choices[0].text; is the url that of /v1/completions?');
}

function createReader(): StreamReader {
  let text = '';
  return readGrowingChoice({
    take({ text: added }) {
      if (typeof added !== 'string' || added === '') return [];
      text += added;
      return [{ kind: 'chunk', chunk: added }];
    },
    choice: () => ({ text }),
  });
}

/** A list of prompts, not streamed; the server counts the tokens of all together, so that `usage` is nobody's. */
function createBatch(): BatchCodec {
  return {
    groupOf: (input) => groupBy(without(bodyOf(input), 'prompt', 'stream', 'stream_options', 'n')),
    toRequest(inputs, model) {
      const [first = {}, ...others] = inputs.map(bodyOf);
      const common = { model: model.name, ...without(first, 'stream', 'stream_options') };
      return postOf({ ...common, prompt: [first, ...others].map(({ prompt }) => prompt) });
    },
    toOutputs(body, inputs) {
      if (!firstChoice(body)) throw invalidOutput('The answer has no choices.');
      return inputs.map((_, index) => {
        const choice = choiceAt(body, index);
        return choice
          ? outputOf(choice, null)
          : invalidOutput(`The answer has no choice for prompt ${index + 1} of ${inputs.length}.`);
      });
    },
  };
}
