import { randomUUID } from 'node:crypto';
import { maxHeaderSize } from 'node:http';
import { InferqError, toProblem, type ErrorCode } from './errors.ts';

/** The whole answer, as text, to what Node's parser does not take for a request. */
export function rawProblem(error: NodeJS.ErrnoException): string {
  return rawAnswer(new InferqError(...explain(error)));
}

/** The whole answer, as text, where there is a connection alone. */
export function rawAnswer(error: InferqError): string {
  const problem = toProblem(error);
  const body = JSON.stringify(problem);
  return (
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
    `X-Request-Id: ${randomUUID()}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
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
