import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call that the model server got. */
export interface ModelCall {
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** Whether the caller went away before the answer. */
  aborted: boolean;
}

export type Behaviour = (call: ModelCall, response: ServerResponse, count: number) => void | Promise<void>;

export interface ScriptedModel {
  url: string;
  calls: ModelCall[];
  stop: () => Promise<void>;
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** A model server that does what the test says; by default it gives the input back under `echo`. */
export async function startScriptedModel(
  behave: Behaviour = (call, response) => answer(response, { echo: call.body }),
): Promise<ScriptedModel> {
  const calls: ModelCall[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body: unknown = JSON.parse((await readBody(request)) || 'null');
      const call: ModelCall = { path: request.url ?? '', headers: request.headers, body, aborted: false };
      response.on('close', () => (call.aborted = !response.writableFinished));
      calls.push(call);
      await behave(call, response, calls.length);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    calls,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  // A character may be split between two chunks.
  request.setEncoding('utf8');
  for await (const chunk of request) text += String(chunk);
  return text;
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address ? address.port : 0;
}
