import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';

interface Seen {
  method: string;
  /** With the query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Reply = (response: ServerResponse, seen: Seen) => void;

export interface FakeBroker {
  url: string;
  /** Every request so far, in order. */
  seen: Seen[];
  /** What `GET /jobs/job_1` and the like answer: one reply after the other, the last one again and again. */
  on(route: string, ...replies: Reply[]): void;
}

/** An HTTP server that answers from a script: the broker as the command line sees it. Ends with the test. */
export async function startFakeBroker(t: ExecutionContext): Promise<FakeBroker> {
  const seen: Seen[] = [];
  const routes = new Map<string, Reply[]>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body: await text(request) };
    seen.push(asked);
    const replies = routes.get(`${method} ${url}`) ?? routes.get(`${method} ${url.split('?')[0]}`) ?? [];
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    (reply ?? problem(404, 'not_found', 'There is no such resource'))(response, asked);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    on: (route, ...replies) => void routes.set(route, replies),
  };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export function problem(
  status: number,
  error_type: string,
  detail: string,
  more: { headers?: Record<string, string>; errors?: { pointer: string; detail: string }[] } = {},
): Reply {
  const { headers, errors } = more;
  const title = `Title of ${error_type}`;
  const body = { type: `urn:inferq:error:${error_type}`, title, status, detail, error_type, errors };
  return json(status, body, {
    'Content-Type': 'application/problem+json',
    'X-Request-Id': 'req-7',
    ...headers,
  });
}

/** Server-sent events: `[name, data]`, numbered from `first`; then `end` closes, `cut` breaks off, `hold` stays. */
export function events(
  list: [name: string, data: unknown][],
  then: 'end' | 'cut' | 'hold' = 'end',
  first = 1,
): Reply {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const lines = list.map(([name, data], index) => {
      return `id: ${first + index}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    });
    response.write(`: hello\n\n${lines.join('')}`, () => {
      if (then === 'end') response.end();
      if (then === 'cut') response.destroy();
    });
  };
}

/** Breaks the connection without an answer. */
export const hangUp: Reply = (response) => void response.destroy();
