import { Server as TcpServer } from 'node:net';
import type { Server } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Longer than a proxy keeps an idle connection of its own (nginx/site.conf: 4 s). */
const PROXY_LINGER_MS = 6000;

export interface DrainOptions {
  /** Whether a proxy is in front: it holds idle connections, and writes a request into one while it is being closed. */
  behindProxy: boolean;
  deadlineMs: number;
}

/**
 * Ends a server without refusing anybody: new connections are not taken, for a proxy then tries another replica; each
 * answer from here on is the last of its connection; idle connections stay until the proxy has closed them itself.
 * What is still open at the deadline is cut.
 */
export async function drainServer(server: Server, { behindProxy, deadlineMs }: DrainOptions): Promise<void> {
  if (!server.listening) return;
  server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
  // Connections that the kernel has made are taken first: closing would reset them.
  await nextTurn();
  const closed = new Promise<void>((resolve) => {
    // HTTP's own `close` would end idle connections at once.
    TcpServer.prototype.close.call(server, () => resolve());
  });
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
  if (behindProxy) await Promise.race([closed, sleep(Math.min(PROXY_LINGER_MS, deadlineMs))]);
  server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
}
