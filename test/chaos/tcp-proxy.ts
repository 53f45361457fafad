import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Scope } from '../support/scope.ts';

/** Between two of the broker's processes: a network that can be slow, cut, or silent. */
export interface TcpProxy {
  port: number;
  /** How long each chunk is under way, each way. */
  delayMs: number;
  /** Connections that there are fall silent both ways and stay open; new ones are as ever. */
  swallow(): void;
  /** Connections that there are end with a reset. */
  reset(): void;
  /** Once a client has sent this, nothing of what it is answered gets through on any connection. */
  holdAnswersAfter(text: string): void;
}

interface Pair {
  client: Socket;
  server: Socket;
  silent: boolean;
}

export async function startTcpProxy(scope: Scope, target: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let held = false;
  let marker: string | undefined;
  const server = createServer((client) => {
    const pair: Pair = { client, server: connect(target, '127.0.0.1'), silent: false };
    pairs.add(pair);
    join(pair.client, pair.server, (chunk) => {
      if (marker !== undefined && chunk.includes(marker)) held = true;
      return !pair.silent;
    });
    join(pair.server, pair.client, () => !pair.silent && !held);
    client.on('close', () => pairs.delete(pair));
  });

  /** What comes from one goes to the other after the delay, in order, unless it is dropped. */
  function join(from: Socket, to: Socket, passes: (chunk: Buffer) => boolean): void {
    from.on('data', (chunk: Buffer) => {
      if (passes(chunk)) after(proxy.delayMs, () => to.writable && to.write(chunk));
    });
    from.on('close', () => after(proxy.delayMs, () => to.destroy()));
    // It is told by 'close'.
    from.on('error', () => undefined);
    from.setNoDelay(true);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The proxy has no port');
  const proxy: TcpProxy = {
    port: address.port,
    delayMs: 0,
    swallow() {
      for (const pair of pairs) pair.silent = true;
    },
    reset() {
      for (const { client, server } of pairs) {
        client.resetAndDestroy();
        server.resetAndDestroy();
      }
    },
    holdAnswersAfter(text) {
      marker = text;
      held = false;
    },
  };
  scope.teardown(() => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
    server.close();
  });
  return proxy;
}

function after(delayMs: number, act: () => unknown): void {
  if (delayMs > 0) setTimeout(act, delayMs);
  else act();
}
