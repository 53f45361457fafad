import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Job } from './schema.ts';

/** What happens to a job. `id` resumes after it. */
export type JobEvent =
  | { type: 'status'; id: string; status: Job['status']; attempt?: number }
  | { type: 'progress'; id: string; progress: number; message?: string }
  /** A piece of the output as the model gives it: text, or whatever it streams. */
  | { type: 'output'; id: string; chunk: unknown }
  | { type: 'log'; id: string; message: string }
  /** The end, however it ended; nothing comes after it. */
  | { type: 'done'; id: string; job: Job };

/** The server-sent events of a body, as they arrive. Ends when the body does; throws when it breaks. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const decoder = new TextDecoder();
  // Not every browser iterates a stream by itself.
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* arrived.splice(0);
    }
  } finally {
    // Who leaves early wants no more of it; a stream that broke has nothing to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

/** Null for an event that this version does not know. */
export function toJobEvent(message: EventSourceMessage, parse: (text: string) => unknown): JobEvent | null {
  const { event: type = '', id = '', data } = message;
  const value = Object(parse(data));
  if (type === 'done') return { type, id, job: value };
  return isKnown(type) ? { ...value, type, id } : null;
}

type OnTheWay = Exclude<JobEvent['type'], 'done'>;

const ON_THE_WAY: ReadonlySet<string> = new Set(['status', 'progress', 'output', 'log'] satisfies OnTheWay[]);

function isKnown(type: string): type is OnTheWay {
  return ON_THE_WAY.has(type);
}
