import { isObject } from '../../shared/json-object.ts';
import { invalidInput, invalidOutput, isList, kindOf, messageIn, postOf } from './body.ts';
import { addDelta, createMessage, toMessage } from './openai-message.ts';
import { firstChoice, readGrowingChoice, streamedRequest, usageOf } from './openai.ts';
import type { Protocol, StreamPart, StreamReader } from './protocol.ts';

const WHAT = 'a chat request';

/**
 * Chat completions as OpenAI defined them and vLLM, llama.cpp, Ollama, TGI, LM Studio and others serve them
 * (https://platform.openai.com/docs/api-reference/chat).
 *
 * Input: what a user says as a bare string, or the request object `{"messages", "tools"?, "max_tokens"?, …}`, passed
 * on as it is, with `model` and `stream` filled in. Chunks while it runs: added text as a string, anything else, such
 * as `{"tool_calls": […]}`, as the object that came. Output: `{"message", "finish_reason", "usage"}` of the first
 * choice, streamed or not; `usage` is null where the server does not count.
 */
export const openaiChat: Protocol = {
  toRequest(input, model) {
    const body = typeof input === 'string' ? { messages: [{ role: 'user', content: input }] } : input;
    if (!isObject(body))
      throw invalidInput(WHAT, '', `must be an object with "messages", but is ${kindOf(body)}`);
    const { messages } = body;
    if (!isList(messages) || messages.length === 0)
      throw invalidInput(WHAT, '/messages', `must be a list of at least one, but is ${kindOf(messages)}`);
    return postOf(streamedRequest(body, model.name, WHAT), { streams: true });
  },
  toOutput(body) {
    const choice = firstChoice(body);
    if (!choice || !isObject(choice['message']))
      throw invalidOutput('The answer has no choices[0].message; is the url that of /v1/chat/completions?');
    const { message, finish_reason: reason } = choice;
    return { message, finish_reason: reason ?? null, usage: usageOf(body) };
  },
  errorMessage: messageIn,
  stream: createReader,
};

function createReader(): StreamReader {
  const draft = createMessage();
  return readGrowingChoice({
    take({ delta }) {
      if (!isObject(delta)) return [];
      addDelta(draft, delta);
      return toParts(delta);
    },
    choice: () => ({ message: toMessage(draft) }),
  });
}

function toParts({ content, ...others }: Record<string, unknown>): StreamPart[] {
  const telling = Object.entries(others).filter(
    ([name, value]) => name !== 'role' && value !== null && value !== '',
  );
  return [
    ...(typeof content === 'string' && content !== '' ? [{ kind: 'chunk', chunk: content } as const] : []),
    ...(telling.length > 0 ? [{ kind: 'chunk', chunk: Object.fromEntries(telling) } as const] : []),
  ];
}
