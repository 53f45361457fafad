import { InferqError } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';
import type { ServerSentEvent } from '../server-sent-events.ts';
import { cut } from './batch.ts';
import { messageIn, parseData, postOf } from './body.ts';
import type { Protocol, StreamPart, StreamReader } from './protocol.ts';

/**
 * The plainest protocol: the input is posted as the JSON body, and the JSON body of the answer is the output.
 *
 * A server with something to say on the way answers with `text/event-stream` instead:
 *
 *     event: progress        data: {"progress": 0.4, "message": "…"}    0 to 1; message optional
 *     event: chunk           data: any JSON                             a piece of the output, for who watches
 *     event: log             data: {"message": "…"}                     a line for who watches
 *     event: output          data: any JSON                             the output; ends the stream
 *     event: error           data: {"error": "…"}                       the job fails with model_error
 *
 * Chunks are not added up: what `output` carries is the output. Other events and comments (keep-alives) are ignored.
 * A refusal, an answer that is not 2xx, may carry `{"error": "…"}`.
 *
 * A batch is a list of inputs, and its answer a list of as many outputs, or of `{"error": "…"}` for those that failed.
 */
export const json: Protocol = {
  toRequest: (input) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: input,
  }),
  toOutput: (body) => body,
  errorMessage: messageIn,
  stream: createReader,
  batch: {
    groupOf: () => '',
    evenOfOne: true,
    toRequest: (inputs) => postOf(inputs),
    toOutputs: (body, inputs) =>
      cut(
        body,
        inputs.map(() => 1),
        'it',
      ).map(([item]) => errorIn(item) ?? item),
  },
};

/** `{"error": …}` and nothing else in the place of an output fails its job alone. */
function errorIn(item: unknown): InferqError | undefined {
  if (!isObject(item) || Object.keys(item).join() !== 'error') return undefined;
  const message = messageIn(item);
  return message === undefined ? undefined : new InferqError('model_error', message);
}

function createReader(): StreamReader {
  let output: unknown;
  return {
    read(event) {
      if (event.event !== 'output') return partsOf(event);
      output = parseData('output', event.data);
      return [{ kind: 'done' }];
    },
    body: () => output,
  };
}

function partsOf({ event, data }: ServerSentEvent): StreamPart[] {
  switch (event) {
    case 'progress':
      return [toProgress(parseData(event, data))];
    case 'chunk':
      return [{ kind: 'chunk', chunk: parseData(event, data) }];
    case 'log':
      return toLog(parseData(event, data));
    case 'error':
      throw new InferqError(
        'model_error',
        messageIn(parseData(event, data)) ?? 'The model sent an error event.',
      );
    default:
      return [];
  }
}

function toProgress(data: unknown): StreamPart {
  const { progress, message } = isObject(data) ? data : {};
  if (typeof progress !== 'number' || progress < 0 || progress > 1) {
    throw new InferqError(
      'invalid_output',
      'The model sent a "progress" event without a progress from 0 to 1.',
    );
  }
  return { kind: 'progress', progress, ...(typeof message === 'string' ? { message } : {}) };
}

function toLog(data: unknown): StreamPart[] {
  const { message } = isObject(data) ? data : {};
  return typeof message === 'string' ? [{ kind: 'log', message }] : [];
}
