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

/** The server-sent events of a stream, as they arrive. Ends when the stream does; throws when it breaks. */
export async function* readEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const decoder = new TextDecoder();
  for await (const bytes of pieces) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* arrived.splice(0);
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
