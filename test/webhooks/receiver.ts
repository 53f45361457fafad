import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  createServer as createSocketServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import type { Scope } from '../support/scope.ts';

interface Received {
  method: string | undefined;
  path: string | undefined;
  headers: Record<string, string>;
  body: string;
}

/** A receiver of webhooks on loopback that counts who connects; it goes away with its test. */
export interface Receiver {
  url: string;
  port: number;
  received: Received[];
  /** How many connections were made so far. */
  connections(): number;
  /** How many are open now. */
  open(): number;
}

export type Answer = (response: ServerResponse, request: Received) => void;

export async function startReceiver(t: Scope, answer: Answer): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(recording(received, answer));
  return { ...(await listen(t, server, 'http')), received };
}

export async function startSecureReceiver(
  t: Scope,
  identity: { key: string; cert: string },
  answer: Answer,
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createSecureServer(identity, recording(received, answer));
  return { ...(await listen(t, server, 'https')), received };
}

/** One that speaks no HTTP but does as it likes with the socket. */
export async function startSocketReceiver(t: Scope, behave: (socket: Socket) => void): Promise<Receiver> {
  return { ...(await listen(t, createSocketServer(behave), 'http')), received: [] };
}

/** A loopback port on which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = createSocketServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startQuietReceiver(t: Scope): Promise<Receiver> {
  return startReceiver(t, (response) => response.writeHead(204).end());
}

function recording(
  received: Received[],
  answer: Answer,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url: path } = request;
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const message = { method, path, headers, body: Buffer.concat(chunks).toString() };
      received.push(message);
      answer(response, message);
    });
  };
}

async function listen(
  t: Scope,
  server: NetServer | Server,
  scheme: string,
): Promise<Omit<Receiver, 'received'>> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The sender resets what it gives up.
    socket.on('error', () => sockets.delete(socket));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const port = await listening(server);
  const url = `${scheme}://127.0.0.1:${port}/hook`;
  return { url, port, connections: () => connections, open: () => sockets.size };
}

async function listening(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
