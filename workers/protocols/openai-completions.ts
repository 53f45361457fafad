import { InferqError } from '../../shared/errors.ts';
import type { ServerSentEvent } from '../server-sent-events.ts';
import { isObject, kindOf, messageIn, parseData, type JsonObject } from './body.ts';
import type { Protocol, StreamPart, StreamReader } from './protocol.ts';

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
  toRequest: (input, model) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream, application/json' },
    body: toBody(typeof input === 'string' ? { prompt: input } : input, model.name),
  }),
  toOutput(body) {
    const choice = firstChoice(body);
    if (!choice || typeof choice['text'] !== 'string') {
      throw new InferqError(
        'invalid_output',
        'The answer has no choices[0].text; is the url that of /v1/completions?',
      );
    }
    const usage = isObject(body) ? body['usage'] : undefined;
    return { text: choice['text'], finish_reason: choice['finish_reason'] ?? null, usage: usage ?? null };
  },
  errorMessage: messageIn,
  stream: createReader,
};

/** `n` is refused because only one choice becomes the output: the others would be paid for and thrown away. */
function toBody(input: unknown, model: string): JsonObject {
  if (!isObject(input)) throw invalid('', `must be a prompt or an object with one, but is ${kindOf(input)}`);
  const { prompt, n } = input;
  if (typeof prompt !== 'string') throw invalid('/prompt', `must be a string, but is ${kindOf(prompt)}`);
  if (n !== undefined && n !== 1) throw invalid('/n', 'must be 1: one job has one output');
  const streamed = input['stream'] !== false;
  return {
    model,
    ...(streamed ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...input,
  };
}

function createReader(): StreamReader {
  let text = '';
  let finishReason: unknown = null;
  let usage: unknown = null;
  return {
    read(event) {
      if (event.data === '[DONE]') return [{ kind: 'done' }];
      const chunk = readChunk(event);
      const choice = firstChoice(chunk);
      usage = chunk['usage'] ?? usage;
      finishReason = choice?.['finish_reason'] ?? finishReason;
      const delta = choice?.['text'];
      if (typeof delta !== 'string' || delta === '') return [];
      text += delta;
      return [{ kind: 'chunk', chunk: delta }] satisfies StreamPart[];
    },
    body: () => ({ choices: [{ text, finish_reason: finishReason }], usage }),
  };
}

/** Servers that fail half way send `{"error": …}` as a chunk, or as an `error` event. */
function readChunk({ event, data }: ServerSentEvent): JsonObject {
  const chunk = parseData(event, data);
  if (!isObject(chunk))
    throw new InferqError('invalid_output', 'The model sent a chunk that is not an object.');
  if (event === 'error' || (chunk['error'] !== undefined && chunk['error'] !== null)) {
    throw new InferqError('model_error', messageIn(chunk) ?? 'The model sent an error chunk.');
  }
  return chunk;
}

function firstChoice(body: unknown): JsonObject | undefined {
  const choices = isObject(body) ? body['choices'] : undefined;
  if (!Array.isArray(choices)) return undefined;
  const choice: unknown = choices.find((each) => isObject(each) && (each['index'] ?? 0) === 0);
  return isObject(choice) ? choice : undefined;
}

function invalid(pointer: string, what: string): InferqError {
  const detail = `The input is not a completion request: "${pointer}" ${what}.`;
  return new InferqError('invalid_input', detail, { errors: [{ pointer, detail: `${what}.` }] });
}
