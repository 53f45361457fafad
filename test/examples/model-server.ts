import { readFileSync } from 'node:fs';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { type ModelServer, startModelServer } from '../../examples/models/server.ts';

const HELLO = new URL('../../examples/images/hello.png', import.meta.url);

export interface Posted {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function startServer(tokenDelayMs = 0): Promise<ModelServer> {
  return startModelServer({ host: '127.0.0.1', port: 0, tokenDelayMs });
}

/** A string is sent as it is, anything else as JSON. */
export function post(url: string, body: unknown, { headers = {}, signal }: Posted = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

export function helloPng(): Buffer {
  return readFileSync(HELLO);
}

/** The body, whose fields a test may read unchecked: where they are missing, it fails. */
export async function jsonOf(response: Response) {
  return JSON.parse(await response.text());
}

/** The whole stream, event by event. */
export async function eventsOf(response: Response): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(await response.text());
  return events;
}
