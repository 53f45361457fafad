import { InferqError } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';
import { invalidInput, invalidOutput, isList, kindOf, messageIn, parseObject, postOf } from './body.ts';
import type { Protocol, StreamPart, StreamReader } from './protocol.ts';

/**
 * Hugging Face's Text Generation Inference
 * (https://huggingface.github.io/text-generation-inference/): `/generate`, `/generate_stream`, or `/`, which streams
 * where the input says `"stream": true`.
 *
 * Input: a prompt as a bare string, or `{"inputs", "parameters"?, "stream"?}`. Chunks while it runs: the text of each
 * token, special ones left out. Output: `{"generated_text", "details"}`; `details` is null where the server gives none.
 */
export const textGeneration: Protocol = {
  toRequest(input) {
    const body = isObject(input) ? input : { inputs: input };
    const { inputs, parameters } = body;
    if (typeof inputs !== 'string')
      throw invalid('/inputs', `must be a prompt, a string, but is ${kindOf(inputs)}`);
    if (parameters !== undefined && !isObject(parameters))
      throw invalid('/parameters', `must be an object, but is ${kindOf(parameters)}`);
    return postOf(body, { streams: true });
  },
  toOutput(body) {
    // `/` answers with a list of one.
    const answer: unknown = isList(body) && body.length === 1 ? body[0] : body;
    if (isObject(answer) && typeof answer['generated_text'] === 'string')
      return { generated_text: answer['generated_text'], details: answer['details'] ?? null };
    throw invalidOutput('The answer has no generated_text; is the url that of /generate?');
  },
  errorMessage: messageIn,
  stream: createReader,
};

function createReader(): StreamReader {
  let last: unknown;
  return {
    read({ event, data }) {
      const said = parseObject(event, data);
      if (said['error'] !== undefined && said['error'] !== null) throw faultOf(said);
      if (typeof said['generated_text'] !== 'string') return toChunk(said['token']);
      last = said;
      return [...toChunk(said['token']), { kind: 'done' }];
    },
    body: () => last,
  };
}

function toChunk(token: unknown): StreamPart[] {
  if (!isObject(token) || typeof token['text'] !== 'string') return [];
  return token['special'] === true || token['text'] === '' ? [] : [{ kind: 'chunk', chunk: token['text'] }];
}

/** A stream begins with 200 also where there is no room, and says so in its first event. */
function faultOf(said: Record<string, unknown>): InferqError {
  const code = said['error_type'] === 'overloaded' ? 'model_unavailable' : 'model_error';
  return new InferqError(code, messageIn(said) ?? 'The model sent an error event.');
}

function invalid(pointer: string, sentence: string): InferqError {
  return invalidInput('a generation request', pointer, sentence);
}
