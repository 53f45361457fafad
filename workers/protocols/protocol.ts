import type { ModelSpec } from '../../shared/model.ts';
import type { ServerSentEvent } from '../server-sent-events.ts';

/** What is sent to a model's endpoint; `body` becomes JSON. Header names are lower case. */
export interface EndpointRequest {
  method: 'POST' | 'PUT';
  headers: Record<string, string>;
  body: unknown;
}

/** What an event of a streamed answer means for the job. `progress` runs from 0 to 1. */
export type StreamPart =
  | { kind: 'progress'; progress: number; message?: string }
  | { kind: 'chunk'; chunk: unknown }
  | { kind: 'log'; message: string }
  | { kind: 'done' };

/**
 * Reads one streamed answer: each event becomes parts, until `done`; from then on `body()` is what the same answer
 * would have been without streaming, fit for `toOutput`. `read` throws an InferqError where the server reports a
 * fault or breaks the protocol.
 */
export interface StreamReader {
  read(event: ServerSentEvent): StreamPart[];
  body(): unknown;
}

/** A protocol of model servers, as pure functions of values. */
export interface Protocol {
  /** From the job's input after `preprocess`. Throws `invalid_input` that names what is wrong. */
  toRequest(input: unknown, model: ModelSpec): EndpointRequest;
  /** What goes into `postprocess`, from the JSON body of a 2xx answer. Throws `invalid_output`. */
  toOutput(body: unknown): unknown;
  /** The server's own words, out of the JSON body of an answer that is not 2xx; undefined where it has none. */
  errorMessage(body: unknown): string | undefined;
  /** Present where the server may answer with `text/event-stream`. */
  stream?(): StreamReader;
}
