import type { Readable } from 'node:stream';
import { InferqError } from '../shared/errors.ts';
import { noteNumbers, type ExactNumbers } from '../shared/exact-numbers.ts';
import { isNestedDeeper, OUTPUT_DEPTH } from '../shared/json-depth.ts';
import { answerFault, type Refusal } from './endpoint-fault.ts';
import type { EndpointAddress } from './endpoint-address.ts';
import {
  encodingOf,
  headerOf,
  isEventStream,
  typeOf,
  type Answer,
  type Exchange,
} from './endpoint-exchange.ts';
import type { Protocol, StreamPart, StreamReader } from './protocols/protocol.ts';
import { serverSentEvents } from './server-sent-events.ts';

/** What a reader needs to know of a call besides the answer itself. */
export interface AnswerContext {
  address: EndpointAddress;
  protocol: Protocol;
  maxBytes: number;
  exchange: Exchange;
  onPart: ((part: StreamPart) => void | Promise<void>) | undefined;
  exact: ExactNumbers | undefined;
}

/** How long a stream may stay open after its end marker: read to its end, the connection can be used again. */
const LINGER_MS = 100;

/** The body of a 2xx answer, fit for `protocol.toOutput`. */
export async function readAnswer(answer: Answer, context: AnswerContext): Promise<unknown> {
  const body = await readBody(answer, context);
  const fault = context.protocol.faultIn?.(answer.statusCode, body);
  if (!fault) return body;
  const sentence = `answered ${answer.statusCode} and said: ${fault.message}.`;
  throw answerFault(fault.code, sentence, context.address, { busy: fault.busy ?? false });
}

async function readBody(answer: Answer, context: AnswerContext): Promise<unknown> {
  const { address, protocol, maxBytes } = context;
  const encoding = encodingOf(answer.headers);
  if (encoding !== 'identity') {
    throw answerFault(
      'invalid_output',
      `used Content-Encoding ${encoding}, which was not asked for.`,
      address,
    );
  }
  if (!isEventStream(answer.headers)) {
    if (answer.text === undefined) throw tooLarge(maxBytes, address);
    return parseBody(answer.text, typeOf(answer.headers), context);
  }
  if (protocol.stream && answer.stream) return readStream(answer.stream, protocol.stream(), context);
  throw answerFault(
    'invalid_output',
    "answered with an event stream, which the model's protocol does not know.",
    address,
  );
}

/** What a server says when it refuses. The status alone decides, so a body that cannot be read is no message. */
export function readRefusal(answer: Answer, { protocol }: AnswerContext): Refusal {
  const text = answer.text ?? '';
  const status = answer.statusCode;
  const body = parseRefusal(text);
  return {
    status,
    retryAfter: headerOf(answer.headers, 'retry-after'),
    message: refusalMessage(text, body, typeOf(answer.headers), protocol),
    fault: protocol.faultIn?.(status, body),
  };
}

function parseRefusal(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalMessage(text: string, body: unknown, type: string, protocol: Protocol): string | undefined {
  if (body !== undefined) return protocol.errorMessage(body);
  // A page for people says nothing in a sentence; plain text does.
  return type.startsWith('text/plain') && text.trim() !== '' ? text : undefined;
}

function parseBody(text: string, type: string, { address, exact }: AnswerContext): unknown {
  checkDepth(text, address);
  try {
    const body: unknown = JSON.parse(text);
    if (exact) noteExactly(text, exact, address);
    return body;
  } catch (thrown) {
    if (thrown instanceof InferqError) throw thrown;
    // V8 quotes the text in its message, which is not to go further.
    const found = text.trim() === '' ? 'no body' : `a body that is not JSON (${type.slice(0, 60)})`;
    const sentence = `answered with ${found}. Check its url and the model's protocol.`;
    throw answerFault('invalid_output', sentence, address);
  }
}

function checkDepth(text: string, address: EndpointAddress): void {
  if (!isNestedDeeper(text, OUTPUT_DEPTH)) return;
  const sentence = `answered with JSON that is nested deeper than ${OUTPUT_DEPTH} levels.`;
  throw answerFault('invalid_output', sentence, address);
}

/** What is not JSON at all is left to whoever reads it. */
function noteExactly(text: string, exact: ExactNumbers, address: EndpointAddress): void {
  try {
    noteNumbers(text, exact);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) return;
    const sentence = `answered with numbers over 2^53 that cannot be told apart: ${thrown.message}. Let the model send them as strings.`;
    throw answerFault('invalid_output', sentence, address);
  }
}

async function readStream(stream: Readable, reader: StreamReader, context: AnswerContext): Promise<unknown> {
  const { address, maxBytes, exchange, exact } = context;
  let lingering: NodeJS.Timeout | undefined;
  try {
    for await (const event of serverSentEvents(stream, { maxBytes })) {
      if (lingering) continue;
      checkDepth(event.data, address);
      const parts = reader.read(event);
      if (exact) noteExactly(event.data, exact, address);
      for (const part of parts) {
        if (part.kind === 'done') lingering = setTimeout(() => stream.destroy(), LINGER_MS);
        else await context.onPart?.(part);
        if (exchange.isBroken()) throw new Error('The call was broken off.');
      }
    }
  } catch (thrown) {
    if (!lingering) throw thrown instanceof InferqError ? named(thrown, address) : thrown;
  } finally {
    clearTimeout(lingering);
  }
  if (lingering) return reader.body();
  throw answerFault('model_unavailable', 'broke off its stream before the end.', address);
}

function named(error: InferqError, address: EndpointAddress): InferqError {
  return answerFault(error.code, `failed in its stream: ${error.message}`, address);
}

function tooLarge(maxBytes: number, address: EndpointAddress): InferqError {
  return answerFault('result_too_large', `answered with more than the ${maxBytes} bytes allowed.`, address);
}
