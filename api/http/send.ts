import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { toProblem, type InferqError } from '../../shared/errors.ts';
import { challengeOf } from '../auth/challenge.ts';
import type { Answer } from './route.ts';

/**
 * Writes an answer, after `first`: headers as name, value, name, value. A stream that the client leaves is no error.
 * What is there as a whole goes out at once; a promise is answered for a stream alone.
 */
export function send(
  response: ServerResponse,
  answer: Answer,
  first: string[] = [],
): Promise<void> | undefined {
  const json = answer.json ?? (answer.value === undefined ? undefined : JSON.stringify(answer.value));
  if (json !== undefined && !answer.stream) {
    sendJson(response, json, answer, first);
    return undefined;
  }
  response.statusCode = answer.status;
  setHeaders(response, first);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.stream) return sendStream(response, answer.stream);
  response.end();
  return undefined;
}

/** One list of headers, one text: Node writes both together, without keeping the headers first. */
function sendJson(
  response: ServerResponse,
  json: string,
  { status, headers = {} }: Answer,
  head: string[],
): void {
  const bytes = Buffer.byteLength(json);
  for (const name in headers) head.push(name, headers[name] ?? '');
  if (headers['content-type'] === undefined) head.push('content-type', 'application/json');
  head.push('content-length', String(bytes));
  response.writeHead(status, head);
  // What is ASCII alone need not be encoded.
  response.end(json, bytes === json.length ? 'latin1' : 'utf8');
}

async function sendStream(response: ServerResponse, stream: NonNullable<Answer['stream']>): Promise<void> {
  // Into an answer that is closed nothing is piped, and nobody would close what it comes from.
  if (response.destroyed) {
    stream.destroy();
    return;
  }
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.flushHeaders();
  await pipeline(stream, response).catch((error: unknown) => {
    if (!response.destroyed) throw error;
  });
}

/** Writes an error as problem details, with the headers that belong to it. */
export function sendProblem(response: ServerResponse, error: InferqError, first?: string[]): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = { ...error.headers, 'content-type': 'application/problem+json' };
  if (error.retryAfter !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfter));
  if (error.code === 'unauthenticated') headers['www-authenticate'] = challengeOf(error);
  void send(response, { status: error.status, value: toProblem(error), headers }, first);
}

/** Headers as name, value, name, value. */
export function setHeaders(response: ServerResponse, headers: readonly string[]): void {
  for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at] ?? '', headers[at + 1] ?? '');
}
