import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { InferqError } from '../shared/errors.ts';

/** One event of a `text/event-stream` body. `event` is `message` where the server named none. */
export interface ServerSentEvent {
  event: string;
  data: string;
  id?: string;
}

/**
 * The events of a byte stream, however the network cut it. An event that the stream does not finish with a blank
 * line is dropped, as the specification has it (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * `maxBytes` bounds the whole stream, comments and field names included, and so what is held of it at any time.
 * Throws `result_too_large` past it, and whatever `bytes` throws. Leaving the loop early ends `bytes` too.
 */
export async function* serverSentEvents(
  bytes: AsyncIterable<Uint8Array>,
  { maxBytes }: { maxBytes: number },
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const events: ServerSentEvent[] = [];
  const decoder = new TextDecoder();
  const parser = createParser({ onEvent: (message) => void events.push(toEvent(message)) });
  let received = 0;
  for await (const chunk of bytes) {
    received += chunk.byteLength;
    if (received > maxBytes) {
      throw new InferqError('result_too_large', `The stream is larger than the ${maxBytes} bytes allowed.`);
    }
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* events.splice(0);
  }
}

function toEvent({ event, data, id }: EventSourceMessage): ServerSentEvent {
  return { event: event ?? 'message', data, ...(id === undefined ? {} : { id }) };
}
