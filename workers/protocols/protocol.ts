import type { ErrorCode } from '../../shared/errors.ts';
import type { ModelSpec } from '../../shared/model.ts';
import type { ServerSentEvent } from '../server-sent-events.ts';

/** What is sent to a model's endpoint; `body` becomes JSON. Header names are lower case. */
export interface EndpointRequest {
  method: 'POST' | 'PUT';
  headers: Record<string, string>;
  body: unknown;
  /** The call's Idempotency-Key is the last segment of the path, behind the endpoint's own. */
  keyInPath?: true;
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

/** What went wrong at a server, where its HTTP status alone does not say it. */
export interface ServerFault {
  code: ErrorCode;
  /** In the server's own words. */
  message: string;
  /** It takes nothing more at the moment: the job waits, and spends no attempt. */
  busy?: true;
}

/**
 * Several inputs in one call, two or more unless `evenOfOne`. Pure, like the rest, and for inputs that `toRequest` has
 * accepted: what a batch gives for an input is what a call with this input alone would give to `toOutput` and on, where
 * the model treats each by itself.
 */
export interface BatchCodec {
  /** Inputs of the same group fit into one call; an input without a group goes alone. */
  groupOf(input: unknown): string | undefined;
  /** Set where a server that takes batches may take nothing else: what finds no other to go with is a batch of one. */
  evenOfOne?: true;
  toRequest(inputs: readonly unknown[], model: ModelSpec): EndpointRequest;
  /**
   * For each input, in their order, what `toOutput` would give, or an InferqError: that of this input alone. Throws
   * `invalid_output` where the answer cannot be told apart.
   */
  toOutputs(body: unknown, inputs: readonly unknown[]): unknown[];
}

/** A protocol of model servers, as pure functions of values. */
export interface Protocol {
  /** From the job's input after `preprocess`. Throws `invalid_input` that names what is wrong. */
  toRequest(input: unknown, model: ModelSpec): EndpointRequest;
  /** What goes into `postprocess`, from the JSON body of a 2xx answer to this input. Throws `invalid_output`. */
  toOutput(body: unknown, input: unknown): unknown;
  /** The server's own words, out of the JSON body of an answer that is not 2xx; undefined where it has none. */
  errorMessage(body: unknown): string | undefined;
  /** Present where an answer may report a fault that its status does not: a failure with 200, a full server with 409. */
  faultIn?(status: number, body: unknown): ServerFault | undefined;
  /** Present where the server may answer with `text/event-stream`. */
  stream?(): StreamReader;
  /** Present where the server takes several inputs in one call. */
  batch?: BatchCodec;
}
