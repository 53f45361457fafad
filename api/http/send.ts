import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { toProblem, type InferqError } from '../../shared/errors.ts';
import { challengeOf } from '../auth/challenge.ts';
import type { Answer } from './route.ts';
import { PIECE, slices } from './slices.ts';
import { nextTurn } from './turns.ts';

/**
 * Writes an answer, after `first`: headers as name, value, name, value. A stream that the client leaves is no error.
 * What is small goes out at once: then there is no promise to wait for.
 */
export function send(
  response: ServerResponse,
  answer: Answer,
  first: string[] = [],
): Promise<void> | undefined {
  const json = answer.json ?? (answer.value === undefined ? undefined : JSON.stringify(answer.value));
  if (json !== undefined && !answer.stream) return sendJson(response, json, answer, first);
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
): Promise<void> | undefined {
  const bytes = Buffer.byteLength(json);
  for (const name in headers) head.push(name, headers[name] ?? '');
  if (headers['content-type'] === undefined) head.push('content-type', 'application/json');
  head.push('content-length', String(bytes));
  response.writeHead(status, head);
  // What is ASCII alone need not be encoded.
  const encoding = bytes === json.length ? 'latin1' : 'utf8';
  if (json.length > PIECE) return sendPieces(response, json, encoding);
  response.end(json, encoding);
  return undefined;
}

/** A megabyte takes the system milliseconds, in which nobody else is served. */
async function sendPieces(
  response: ServerResponse,
  json: string,
  encoding: 'latin1' | 'utf8',
): Promise<void> {
  for (const piece of slices(json)) {
    if (response.destroyed) return;
    if (!response.write(piece, encoding)) await roomIn(response);
    await nextTurn();
  }
  response.end();
}

function roomIn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

async function sendStream(response: ServerResponse, stream: NonNullable<Answer['stream']>): Promise<void> {
  // Into an answer that is closed nothing is piped, and nobody would close what it comes from.
  if (response.destroyed) {
    stream.destroy();
    return;
  }
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  // Nothing of the stream would be sent, but for as long as it goes on the answer would not end.
  if (response.req.method === 'HEAD') {
    stream.destroy();
    response.end();
    return;
  }
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
