import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { InferqError, messageOf, toProblem, type ErrorCode } from '../errors.ts';
import { rawProblem } from '../raw-problem.ts';
import { requestIdOf } from '../request-id.ts';
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

/** What is sent: problems are those of RFC 9457, as everywhere. */
interface Page {
  status: number;
  type: string;
  text: string;
}

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
  async function pageAt(path: string): Promise<Page> {
    switch (path) {
      case '/metrics':
        return { status: 200, type: registry.contentType, text: await registry.metrics() };
      case '/healthz':
        return json(200, { status: 'ok' });
      case '/readyz': {
        const report = await readiness.report();
        return json(report.ready ? 200 : 503, report);
      }
      default: {
        const numbers = await scaling?.(path);
        return numbers ? json(numbers.status, numbers.body) : problem('not_found', ELSEWHERE);
      }
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = String(request.url?.split('?', 1)[0]);
    const page = await pageAt(path).catch((error: unknown) => problem('internal', messageOf(error)));
    const id = requestIdOf(request.headers['x-request-id']?.toString());
    response.writeHead(page.status, { 'content-type': page.type, 'x-request-id': id }).end(page.text);
  }

  // Node would answer what lacks a Host, or expects something, by itself.
  const server = createServer(
    { requireHostHeader: false },
    (request, response) => void handle(request, response),
  );
  server.on('checkExpectation', (request, response) => void handle(request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(rawProblem(error));
  });
  await listen(server, place);
  return {
    url: urlOf(server, place.host),
    stop: () => closeServer(server),
  };
}

const ELSEWHERE = 'Here are /metrics, /healthz and /readyz; the API listens elsewhere.';

function json(status: number, value: unknown): Page {
  const type = isProblem(value) ? 'application/problem+json' : 'application/json';
  return { status, type, text: JSON.stringify(value) };
}

function problem(code: ErrorCode, detail: string): Page {
  const value = toProblem(new InferqError(code, detail));
  return json(value.status, value);
}

function isProblem(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error_type' in value;
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

/** Those who are answered are answered to the end. */
export async function closeServer(server: Server): Promise<void> {
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
  return `HOST is '${host}': nobody can listen there (${error.code ?? error.message}).`;
}
