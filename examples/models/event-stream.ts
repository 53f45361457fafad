import type { ServerResponse } from 'node:http';

export interface EventStream {
  /** One server-sent event; `name` becomes its `event` field. The data must hold no line break. */
  send(data: string, name?: string): void;
  end(): void;
}

/** Answers 200 with a stream of server-sent events (WHATWG HTML, section 9.2). */
export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  return {
    send(data, name) {
      response.write(`${name === undefined ? '' : `event: ${name}\n`}data: ${data}\n\n`);
    },
    end() {
      response.end();
    },
  };
}
