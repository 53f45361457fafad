import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { complete, type CompletionEnd, type CompletionRequest } from './completion.ts';
import { openEventStream } from './event-stream.ts';
import { HttpError, readJson, sendJson } from './http-json.ts';
import type { NgramModel } from './ngram.ts';
import type { Call, Routes } from './routes.ts';

/** The name says what it is. `moby` is what `models.yaml` calls it. */
const NAME = 'moby-ngram';
const NAMES = [NAME, 'moby'];
const CARD = { id: NAME, object: 'model', created: 1_730_000_000, owned_by: 'inferq-demo' };

const Body = Type.Object({
  model: Type.String(),
  prompt: Type.String(),
  max_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 512 })),
  temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
  seed: Type.Optional(Type.Integer()),
  stop: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { maxItems: 4 })]),
  ),
  n: Type.Optional(Type.Literal(1)),
  stream: Type.Optional(Type.Boolean()),
  stream_options: Type.Optional(Type.Object({ include_usage: Type.Optional(Type.Boolean()) })),
});
type Body = Static<typeof Body>;
const body = Compile(Body);

export interface CompletionOptions {
  model: () => NgramModel;
  /** The pause after each piece of a stream, so that one can watch it; 0 for none. */
  tokenDelayMs: number;
}

/** https://platform.openai.com/docs/api-reference/completions */
export function completionRoutes(options: CompletionOptions): Routes {
  return [
    ['GET /v1/models', ({ response }) => sendJson(response, 200, { object: 'list', data: [CARD] })],
    [`GET /v1/models/${NAME}`, ({ response }) => sendJson(response, 200, CARD)],
    ['POST /v1/completions', (call) => completions(call, options)],
  ];
}

async function completions(call: Call, { model, tokenDelayMs }: CompletionOptions): Promise<void> {
  const asked = await readJson(call.request, body);
  if (!NAMES.includes(asked.model)) {
    throw new HttpError(404, `the model "${asked.model}" does not exist`, { code: 'model_not_found' });
  }
  const pieces = complete(model(), requestOf(asked));
  if (asked.stream === true) await stream(call, asked, pieces, tokenDelayMs);
  else sendWhole(call, pieces);
}

/** OpenAI's defaults. */
function requestOf(asked: Body): CompletionRequest {
  return {
    prompt: asked.prompt,
    maxTokens: asked.max_tokens ?? 16,
    temperature: asked.temperature ?? 1,
    seed: asked.seed ?? randomInt(2 ** 32),
    stop: [asked.stop ?? []].flat(),
  };
}

function sendWhole({ response }: Call, pieces: Generator<string, CompletionEnd>): void {
  let text = '';
  let next = pieces.next();
  for (; next.done !== true; next = pieces.next()) text += next.value;
  sendJson(response, 200, {
    ...envelope(),
    choices: [choice(text, next.value.finishReason)],
    usage: usage(next.value),
  });
}

async function stream(
  { response, signal }: Call,
  asked: Body,
  pieces: Generator<string, CompletionEnd>,
  tokenDelayMs: number,
): Promise<void> {
  const events = openEventStream(response);
  const head = envelope();
  const send = (chunk: object) => events.send(JSON.stringify({ ...head, ...chunk }));
  let next = pieces.next();
  for (; next.done !== true; next = pieces.next()) {
    if (next.value === '') continue; // held back, as it may become a stop sequence
    send({ choices: [choice(next.value, null)] });
    await delay(tokenDelayMs, undefined, { signal });
  }
  send({ choices: [choice('', next.value.finishReason)] });
  if (asked.stream_options?.include_usage === true) send({ choices: [], usage: usage(next.value) });
  events.send('[DONE]');
  events.end();
}

function envelope() {
  const created = Math.floor(Date.now() / 1000);
  return { id: `cmpl-${randomUUID()}`, object: 'text_completion', created, model: NAME };
}

function choice(text: string, finish_reason: CompletionEnd['finishReason'] | null) {
  return { text, index: 0, logprobs: null, finish_reason };
}

function usage({ promptTokens, completionTokens }: CompletionEnd) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
