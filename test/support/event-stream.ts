import { createParser } from 'eventsource-parser';
import { TOKEN } from './broker.ts';

export interface StreamEvent {
  id: string;
  event: string;
  data: unknown;
}

/** Reads a job's events until `done`, or until `enough` says so. */
export async function readEvents(
  url: string,
  options: { lastEventId?: string; enough?: (events: StreamEvent[]) => boolean } = {},
): Promise<StreamEvent[]> {
  const headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` };
  if (options.lastEventId !== undefined) headers['last-event-id'] = options.lastEventId;
  const stop = new AbortController();
  const response = await fetch(url, {
    headers,
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]),
  });
  if (response.status !== 200 || !response.body)
    throw new Error(`${response.status}: ${await response.text()}`);
  const events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ id = '', event = '', data }) => void events.push({ id, event, data: JSON.parse(data) }),
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (options.enough?.(events)) break;
  }
  stop.abort();
  return events;
}
