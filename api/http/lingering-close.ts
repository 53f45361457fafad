import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Long enough for what is on its way; a client that goes on sending for longer has its answer by then. */
const LINGER_MS = 2000;

/**
 * Lets a client read an answer that came before its request had come whole, such as a 413. Node closes such a
 * connection at once where it is the last answer on it; what the client still sends is then met by a reset, which many
 * clients (Python's urllib) report in place of the answer. Here the end is sent, and the rest of the body read and
 * dropped, before the connection is closed (RFC 9112 §9.6). Answers whether a connection lingers: nothing that comes
 * over it is a request any more.
 */
export function closeLingering(server: Server): (socket: Socket) => boolean {
  const current = new WeakMap<Socket, IncomingMessage>();
  const lingering = new WeakSet<Socket>();
  server.prependListener('request', (request) => current.set(request.socket, request));
  server.on('connection', (socket) => {
    const close = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      const request = current.get(socket);
      if (!request || request.complete || socket.destroyed) return close();
      lingering.add(socket);
      linger(socket, request);
    };
  });
  return (socket) => lingering.has(socket);
}

function linger(socket: Socket, request: IncomingMessage): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  request.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}
