import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { isJob } from './job.ts';
import { isRecord, parseJson } from './json.ts';
import type { Update } from './job-view.ts';

/** The events of a stream, as they arrive. Ends when the stream does; throws when it breaks. */
export async function* readEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const decoder = new TextDecoder();
  for await (const bytes of pieces) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* arrived.splice(0);
  }
}

/** What an event says, or null for one that this version does not know. */
export function toUpdate({ event, data }: Pick<EventSourceMessage, 'event' | 'data'>): Update | null {
  const value = parse(data);
  if (event === 'output') return { type: 'output', chunk: chunkOf(value) };
  if (event === 'log') return { type: 'log', message: messageOf(value) ?? data };
  if (!isRecord(value)) return null;
  if (event === 'done') return isJob(value) ? { type: 'job', job: value } : null;
  if (event === 'status' && typeof value['status'] === 'string') {
    const attempt = typeof value['attempt'] === 'number' ? value['attempt'] : undefined;
    return { type: 'status', status: value['status'], attempt };
  }
  if (event === 'progress' && typeof value['progress'] === 'number') {
    return { type: 'progress', progress: value['progress'], message: messageOf(value) };
  }
  return null;
}

function parse(data: string): unknown {
  try {
    return parseJson(data);
  } catch (error) {
    // A chunk or a log line may be bare text.
    if (error instanceof SyntaxError) return data;
    throw error;
  }
}

// A chunk comes bare or as {"chunk": …}; both are what the model wrote.
function chunkOf(value: unknown): unknown {
  return isRecord(value) && 'chunk' in value ? value['chunk'] : value;
}

function messageOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isRecord(value) && typeof value['message'] === 'string' ? value['message'] : undefined;
}
