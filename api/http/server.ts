import { createServer, maxHeaderSize, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { InferqError, toProblem, type ErrorCode } from '../../shared/errors.ts';

/** How long a client may take to send its headers, and its whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than nginx keeps its side, so that it never writes into a connection that is being closed. */
const KEEP_ALIVE_MS = 75_000;

/** The HTTP server of the API: strict parsing, and its own limits also without nginx in front. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 2000,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    listener,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(rawProblem(error));
  });
  return server;
}

function rawProblem(error: NodeJS.ErrnoException): string {
  const [code, detail] = explain(error);
  const problem = toProblem(new InferqError(code, detail));
  const body = JSON.stringify(problem);
  return (
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}

function explain(error: NodeJS.ErrnoException): [ErrorCode, string] {
  switch (String(error.code)) {
    case 'HPE_HEADER_OVERFLOW':
      return ['headers_too_large', `The headers are larger than ${maxHeaderSize} bytes.`];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['request_timeout', 'The request did not arrive in time.'];
    default:
      return ['invalid_request', 'The request is not well-formed HTTP/1.1.'];
  }
}
