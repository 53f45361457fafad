import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { startTestBroker, type BrokerOptions, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel, type ModelCall } from '../support/scripted-model.ts';

const PICTURE = path.join(import.meta.dirname, '../../examples/images/hello.png');
const CHAPTER =
  'Call me Ishmael. Some years ago – never mind how long precisely – having little or no money in my purse, and ' +
  'nothing particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.';

export interface Demo {
  broker: TestBroker;
  /** Where webhooks can be sent; it refuses while it is told to. */
  receiver: { url: string; isRefusing: boolean; calls: ModelCall[] };
  /** While true, the model `sentiment` fails. */
  sentiment: { isFailing: boolean };
  /** Base64 of a PNG. */
  picture: string;
}

/** A broker with models like those of the demo, and a receiver of webhooks. */
export async function startDemo(t: ExecutionContext, more: Partial<BrokerOptions> = {}): Promise<Demo> {
  const sentiment = { isFailing: true };
  const models = await startScriptedModel(async ({ path: where, body }, response) => {
    if (where === '/moby') return tell(response);
    if (where === '/sentiment' && sentiment.isFailing)
      return answer(response, { detail: 'The weights are not loaded.' }, 500);
    await sleep(10 + 40 * Math.random());
    answer(response, OUTPUTS[where]?.(body) ?? { echo: body });
  });
  t.teardown(models.stop);
  const receiver = { url: '', isRefusing: false, calls: [] as ModelCall[] };
  const hooks = await startScriptedModel((call, response) => {
    receiver.calls.push(call);
    answer(response, {}, receiver.isRefusing ? 503 : 200);
  });
  t.teardown(hooks.stop);
  receiver.url = `${hooks.url}/hook`;
  const broker = await startTestBroker(t, { models: specsAt(models.url), ...more });
  return { broker, receiver, sentiment, picture: (await readFile(PICTURE)).toString('base64') };
}

const OUTPUTS: Readonly<Record<string, (body: unknown) => unknown>> = {
  '/language-id': () => ({ language: 'de', confidence: 0.9986 }),
  '/ocr': () => ({ text: 'The quick brown fox\njumps over the lazy dog.', confidence: 0.95 }),
  '/sentiment': () => ({ label: 'positive', score: 0.92 }),
};

/** Word by word, as OpenAI's completions do it. */
async function tell(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const word of CHAPTER.split(/(?<= )/)) {
    response.write(
      `data: ${JSON.stringify({ choices: [{ index: 0, text: word, finish_reason: null }] })}\n\n`,
    );
    await sleep(30);
  }
  response.end('data: {"choices":[{"index":0,"text":"","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
}

function text(maxLength: number): object {
  return {
    type: 'object',
    required: ['text'],
    properties: { text: { type: 'string', maxLength, description: 'A sentence or more' } },
  };
}

function specsAt(url: string): Record<string, unknown>[] {
  const at = (name: string, more: object): Record<string, unknown> => ({
    name,
    protocol: 'json',
    endpoints: [{ url: `${url}/${name}` }],
    retry: { attempts: 2, backoff: 0.2 },
    cost: 1,
    ...more,
  });
  return [
    at('language-id', {
      description: 'Language identification, 50 languages, ISO 639-1 codes.',
      input_schema: text(10_000),
    }),
    at('ocr', {
      description: 'Reads English text in a picture.',
      input_schema: {
        type: 'object',
        required: ['image'],
        properties: { image: { type: 'string', contentEncoding: 'base64', description: 'A PNG or JPEG' } },
      },
    }),
    at('moby', {
      description: 'Continues a text in the manner of Moby-Dick, word by word.',
      protocol: 'openai-completions',
      input_schema: {
        type: 'object',
        required: ['prompt'],
        properties: {
          prompt: { type: 'string' },
          max_tokens: { type: 'integer', minimum: 1, maximum: 500, default: 60 },
        },
      },
      cache: { scope: 'off' },
    }),
    at('sentiment', { description: 'Whether a sentence is kind.', input_schema: text(2000), concurrency: 4 }),
  ];
}
