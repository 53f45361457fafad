import { InferqError } from '../../shared/errors.ts';
import { isObject, type JsonObject } from '../../shared/json-object.ts';
import type { ServerSentEvent } from '../server-sent-events.ts';
import { invalidInput, invalidOutput, kindOf, messageIn, parseObject } from './body.ts';
import type { StreamPart, StreamReader } from './protocol.ts';

/** What OpenAI's APIs have in common. */

/**
 * A request that asks for a stream unless it says that it wants none. `n` is refused because only one choice becomes
 * the output: the others would be paid for and thrown away.
 */
export function streamedRequest(input: JsonObject, model: string, what: string): JsonObject {
  const { n, stream } = input;
  if (n !== undefined && n !== 1) throw invalidInput(what, '/n', 'must be 1: one job has one output');
  return {
    model,
    ...(stream === false ? {} : { stream: true, stream_options: { include_usage: true } }),
    ...input,
  };
}

/** The input as a request: an object as it is, a bare string or list under `name`. */
export function requestOf(input: unknown, name: string, what: string): JsonObject {
  if (isObject(input)) return input;
  if (typeof input === 'string' || Array.isArray(input)) return { [name]: input };
  throw invalidInput(what, '', `must be an object with "${name}", but is ${kindOf(input)}`);
}

/**
 * A chunk of a stream. Servers that fail half way send `{"error": …}` or `{"object": "error", "message": …}` as one, or
 * an `error` event.
 */
function readChunk({ event, data }: ServerSentEvent): JsonObject {
  const chunk = parseObject(event, data);
  const { error, object } = chunk;
  if (event === 'error' || object === 'error' || (error !== undefined && error !== null)) {
    throw new InferqError('model_error', messageIn(chunk) ?? 'The model sent an error chunk.');
  }
  return chunk;
}

/**
 * Reads a streamed answer whose first choice grows chunk by chunk. `take` adds what a chunk brings and answers what to
 * tell of it; `choice` is what has come together.
 */
export function readGrowingChoice(growing: {
  take(added: JsonObject): StreamPart[];
  choice(): JsonObject;
}): StreamReader {
  let finishReason: unknown = null;
  let usage: unknown = null;
  let told = false;
  return {
    read(event) {
      if (event.data === '[DONE]') {
        // Not every server gives a reason, but one that has said nothing else either has failed: vLLM ends so.
        if (!told && finishReason === null)
          throw invalidOutput('The model ended its stream without an answer.');
        return [{ kind: 'done' }];
      }
      const chunk = readChunk(event);
      const added = firstChoice(chunk);
      usage = chunk['usage'] ?? usage;
      finishReason = added?.['finish_reason'] ?? finishReason;
      const parts = added ? growing.take(added) : [];
      told ||= parts.length > 0;
      return parts;
    },
    body: () => ({ choices: [{ ...growing.choice(), finish_reason: finishReason }], usage }),
  };
}

export function firstChoice(body: unknown): JsonObject | undefined {
  return choiceAt(body, 0);
}

/** A list may come in any order; a server that does not number its choices has them in that of the prompts. */
export function choiceAt(body: unknown, index: number): JsonObject | undefined {
  return itemAt(isObject(body) ? body['choices'] : undefined, index);
}

export function itemAt(list: unknown, index: number): JsonObject | undefined {
  if (!Array.isArray(list)) return undefined;
  const item: unknown = list.find((each, at) => isObject(each) && (each['index'] ?? at) === index);
  return isObject(item) ? item : undefined;
}

export function usageOf(body: unknown): unknown {
  return (isObject(body) ? body['usage'] : undefined) ?? null;
}
