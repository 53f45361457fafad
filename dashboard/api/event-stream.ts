import { createParser } from 'eventsource-parser';
import { readLive } from '../../shared/live-body.ts';
import { ApiFault, open } from './client.ts';

export interface StreamEvent {
  id: string;
  kind: string;
  data: string;
}

const AGAIN_MS = 1500;

/**
 * The server-sent events of a path until its `done`, or until the signal. Over fetch, because an EventSource cannot send
 * a credential; it resumes after the last event where the connection broke or fell silent.
 */
export async function followEvents(
  path: string,
  signal: AbortSignal,
  onEvent: (event: StreamEvent) => void,
): Promise<void> {
  const last = { id: '', kind: '' };
  const take = (event: StreamEvent): void => {
    Object.assign(last, event);
    onEvent(event);
  };
  while (!signal.aborted && last.kind !== 'done') {
    try {
      await readOnce(path, last.id, signal, take);
    } catch (error) {
      if (signal.aborted || error instanceof ApiFault) return;
    }
    if (last.kind !== 'done') await pause(signal);
  }
}

async function readOnce(
  path: string,
  last: string,
  signal: AbortSignal,
  take: (event: StreamEvent) => void,
): Promise<void> {
  const headers = last === '' ? {} : { 'last-event-id': last };
  const { body } = await open(path, { headers, signal });
  if (!body) return;
  const parser = createParser({
    onEvent: ({ id = '', event = 'message', data }) => take({ id, kind: event, data }),
  });
  const decoder = new TextDecoder();
  for await (const piece of readLive(body)) parser.feed(decoder.decode(piece, { stream: true }));
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, AGAIN_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
