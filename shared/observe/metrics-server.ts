import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

export interface Place {
  host: string;
  /** 0: any free one. */
  port: number;
  /** What the port is set by. */
  variable?: string;
}

/** Answers the path of a page with numbers for scalers; undefined where it is another's. */
export type ScalingPages = (path: string) => Promise<{ status: number; body: unknown } | undefined>;

/**
 * The second listener of every role: `/metrics` for Prometheus, `/healthz` and `/readyz` for the kubelet, and where the
 * role knows them the numbers for scalers.
 */
export async function startMetricsServer(
  place: Place,
  registry: Pick<Registry, 'contentType' | 'metrics'>,
  readiness: Readiness,
  scaling?: ScalingPages,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void =>
      void response.writeHead(status, { 'content-type': type }).end(body);
    void (async () => {
      const path = String(request.url?.split('?', 1)[0]);
      switch (path) {
        case '/metrics':
          return answer(200, registry.contentType, await registry.metrics());
        case '/healthz':
          return answer(200, 'application/json', '{"status":"ok"}');
        case '/readyz': {
          const report = await readiness.report();
          return answer(report.ready ? 200 : 503, 'application/json', JSON.stringify(report));
        }
        default: {
          const numbers = await scaling?.(path);
          if (numbers) return answer(numbers.status, 'application/json', JSON.stringify(numbers.body));
          return answer(404, 'text/plain', 'Here are /metrics, /healthz and /readyz.\n');
        }
      }
    })().catch((error: unknown) => answer(500, 'text/plain', `${String(error)}\n`));
  });
  await listen(server, place);
  return {
    url: urlOf(server, place.host),
    stop: () => closeServer(server),
  };
}

/** Listens, or fails with a sentence that names the port. */
export async function listen(server: Server, place: Place): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(explain(error, place), { cause: error })),
    );
    server.listen({ host: place.host, port: place.port, backlog: 2048 }, resolve);
  });
}

export function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = isAddress(address) ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

function explain(error: NodeJS.ErrnoException, { host, port, variable }: Place): string {
  const by = variable === undefined ? '' : ` with ${variable}`;
  if (error.code === 'EADDRINUSE')
    return `Port ${port} on ${host} is taken by another program. Stop it, or choose another port${by}.`;
  if (error.code === 'EACCES')
    return `Port ${port} on ${host} needs more rights. Choose one above 1023${by}.`;
  return `Cannot listen on ${host}:${port}: ${error.message}`;
}
