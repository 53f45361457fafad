import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { createBodyText } from './body-text.ts';

/** By names in lower case. One that the server has sent more than once is a list. */
type Headers = Dispatcher.ResponseData['headers'];

/** How an endpoint answered. */
export interface Answer {
  statusCode: number;
  headers: Headers;
  /** The whole body; undefined where it has more bytes than are taken, is encoded, or is a stream. */
  text: string | undefined;
  /** The body of an event stream, which has to be read or destroyed. */
  stream: Readable | undefined;
}

/** One request, which may be broken off at any time. */
export interface Exchange {
  /**
   * Sends it. Resolves when the body is there, or begins where it is an event stream. Rejects with what undici throws,
   * but for a refusal whose body breaks off: its status is told all the same.
   */
  answer(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, limits: BodyLimits): Promise<Answer>;
  /** Closes the connection, at once or as soon as it stands. */
  breakOff(): void;
  isBroken(): boolean;
}

/** In bytes. */
export interface BodyLimits {
  /** Of a 2xx answer. */
  most: number;
  ofRefusal: number;
}

/**
 * By undici's `dispatch`, which `Pool.request` stands on too, but without a stream, a signal and its listeners for each
 * call, which together cost as much as the request itself. No getter in what it answers: V8 makes an object with one a
 * hidden class of its own, and that keeps all of the call until the next major garbage collection.
 */
export function createExchange(): Exchange {
  let controller: Dispatcher.DispatchController | undefined;
  let isBroken = false;

  function breakOff(): void {
    isBroken = true;
    controller?.abort(new Error('The call was broken off.'));
  }

  return {
    answer: (dispatcher, request, limits) =>
      new Promise((resolve, reject) => {
        let answer: Answer | undefined;
        let isTold = false;
        let most = limits.most;
        const text = createBodyText();

        function tell(found: Answer): void {
          isTold = true;
          resolve(found);
        }

        /** Nothing more of it is read. */
        function cutOff(found: Answer): void {
          tell(found);
          breakOff();
        }

        dispatcher.dispatch(request, {
          onRequestStart(its) {
            controller = its;
            if (isBroken) breakOff();
          },
          onResponseStart(its, statusCode, headers) {
            if (statusCode < 200) return;
            answer = { statusCode, headers, text: undefined, stream: undefined };
            if (statusCode >= 300) most = limits.ofRefusal;
            if (statusCode < 300 && isEncoded(headers)) cutOff(answer);
            else if (statusCode < 300 && isEventStream(headers))
              tell(Object.assign(answer, { stream: bodyOf(its) }));
            else if (Number(headerOf(headers, 'content-length') ?? 0) > most) cutOff(answer);
          },
          onResponseData(its, chunk) {
            if (answer?.stream) {
              if (!answer.stream.push(chunk)) its.pause();
              return;
            }
            if (!answer || isTold) return;
            if (text.length() + chunk.length > most) cutOff(answer);
            else text.add(chunk);
          },
          onResponseEnd() {
            if (answer?.stream) answer.stream.push(null);
            else if (answer && !isTold) tell({ ...answer, text: text.read() });
          },
          onResponseError(_its, error) {
            if (answer?.stream) answer.stream.destroy(error);
            else if (answer && answer.statusCode >= 300 && !isBroken) tell(answer);
            else reject(error);
          },
        });
      }),
    breakOff,
    isBroken: () => isBroken,
  };
}

/** The first of its name. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const found = headers[name];
  return Array.isArray(found) ? found[0] : found;
}

/** `identity` where the body is as it is. */
export function encodingOf(headers: Headers): string {
  return headerOf(headers, 'content-encoding') ?? 'identity';
}

/** In lower case. */
export function typeOf(headers: Headers): string {
  return (headerOf(headers, 'content-type') ?? 'no content type').toLowerCase();
}

export function isEventStream(headers: Headers): boolean {
  return typeOf(headers).startsWith('text/event-stream');
}

function isEncoded(headers: Headers): boolean {
  return encodingOf(headers) !== 'identity';
}

/** The connection is closed where it is left before its end. */
function bodyOf(controller: Dispatcher.DispatchController): Readable {
  const body = new Readable({
    read: () => controller.resume(),
    destroy(error, done) {
      if (!body.readableEnded) controller.abort(error ?? new Error('The stream was left.'));
      done(error);
    },
  });
  // Destroying it emits an error, which nobody may be left to hear.
  return body.on('error', () => undefined);
}
